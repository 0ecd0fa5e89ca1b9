import { huntInTests } from './hunt-in-tests.ts'

/** Runs in a process of its own: the names of the defects come as arguments, what was found goes out as one line of JSON. */
const [workers, ...names] = process.argv.slice(2)
const hunts = await huntInTests(names, Number(workers))
process.stdout.write(`${JSON.stringify(hunts)}\n`)

import { AssertionFailure } from '@meterline/shared/base/errors.ts'

/** What only our own mistakes throw; whoever mends them needs the stack. */
const ownMistakes = [TypeError, RangeError, ReferenceError, SyntaxError, AssertionFailure]

/** Runs a command; what goes wrong outside of this program (a file, a network, a flag) is told in one line and not as a stack. */
export async function inPlainWords(command: () => Promise<void>): Promise<void> {
  try {
    await command()
  } catch (error) {
    if (!(error instanceof Error) || ownMistakes.some((kind) => error instanceof kind)) throw error
    console.error(`error: ${error.message}`)
    process.exitCode = 1
  }
}

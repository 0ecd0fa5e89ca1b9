import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildProgram } from '../cli.ts'
import { repositoryRoot } from '../source-files.ts'
import { dialectNames } from './dialects/dialect.ts'
import { fleetSchema, groupSchema } from './fleet-file.ts'

const PAGE = readFileSync(join(repositoryRoot, 'docs/simulators.md'), 'utf8')

test('the page tells every key of a fleet file and every dialect', () => {
  const { failures, roaming } = groupSchema.shape
  const keys = [fleetSchema, groupSchema].flatMap(({ shape }) => Object.keys(shape))
  const inner = [failures, roaming].flatMap((part) => Object.keys(part.unwrap().shape))
  expect([...keys, ...dialectNames].filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([])
  expect(inner.filter((name) => !new RegExp(`\`${name}\`|${name}:`).test(PAGE))).toEqual([])
})

test('the page tells every command of replays, and flags that are there', () => {
  const commands = buildProgram().commands
  const replays = commands.find((command) => command.name() === 'replay')?.commands ?? []
  expect(replays.map((command) => command.name()).filter((name) => !PAGE.includes(`### \`replay ${name} `))).toEqual([])
  const known = [...replays, ...commands].flatMap((command) => command.options.map((option) => option.long))
  const told = [...PAGE.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag)
  expect(told.length).toBeGreaterThan(10)
  expect(told.filter((flag) => !known.includes(flag))).toEqual([])
})

test('the page names only files that are there', () => {
  const named = [...PAGE.matchAll(/`?(simulators\/[\w./-]+\w)`?/g)].map((match) => match[1] ?? '')
  expect(named.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([])
})

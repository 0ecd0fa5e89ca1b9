import { expect, test } from 'vitest'
import { readSourceFiles } from './source-files.ts'
import { importsOf } from './source-imports.ts'
import { sourceProblems } from './source-rules.ts'

test('no source file switches a check off or goes around the clock', () => {
  expect([...readSourceFiles()].flatMap(([file, text]) => sourceProblems(file, text))).toEqual([])
})

test('every program checks its Node before it loads anything else', () => {
  const files = readSourceFiles()
  const programs = [...files.keys()].filter((file) => file.includes('/bin/') || file === 'simulators/test-all.mjs')
  expect(programs).toHaveLength(4)
  for (const program of programs) {
    const text = files.get(program) ?? ''
    const [first, ...others] = importsOf(text)
    expect(first?.specifier).toMatch(/\/shared\/base\/node-guard\.mjs$/)
    expect(importsOf(files.get('shared/base/node-guard.mjs') ?? '')).toEqual([])
    // A static import is loaded before the first line runs, so that everything else must be imported after the check.
    expect(text.match(/^import\b/gm)).toHaveLength(1)
    expect(others.length).toBeGreaterThan(0)
    expect(text.indexOf('requireNode(')).toBeLessThan(text.search(/await import\(/))
  }
})

test.each([
  ['agent/flow/a.ts', '// oxlint-disable-next-line no-empty', 'switches a check off'],
  ['agent/flow/a.ts', '// @ts-ignore', 'switches a check off'],
  ['agent/domain/a.ts', 'const text = amount.toLocaleString()', 'must stay pure'],
  ['shared/model/a.ts', 'names.sort((a, b) => a.localeCompare(b))', 'must stay pure'],
  ['aggregator/domain/billing/a.ts', 'console.log(bill)', 'must stay pure'],
  ['shared/rating/a.ts', "const now = process['hrtime']()", 'must stay pure'],
  ['agent/flow/a.ts', 'const now = globalThis.Date.now()', 'global object'],
  ['simulators/faults/a.ts', 'const now = globalThis.performance.now()', 'global object'],
  ['simulators/world/a.ts', 'setImmediate(step)', 'event loop'],
  ['simulators/oracle/a.ts', 'process.nextTick(look)', 'event loop'],
  ['agent/flow/a.ts', 'queueMicrotask(next)', 'event loop'],
  ['simulators/world/turn.ts', 'const nextTurn = setImmediate', undefined],
  ['simulators/bench/a.ts', 'setImmediate(measure)', undefined],
  ['agent/flow/a.test.ts', "test.only('a', () => {})", 'does not run all tests'],
  ['agent/flow/a.test.ts', "test.each(rows).fails('a', () => {})", 'does not run all tests'],
  ['agent/domain/a.ts', '// The process ends here.', undefined],
  ['agent/domain/a.ts', "const name = 'process'", undefined],
  ['agent/cli/a.ts', 'console.log(process.version)', undefined],
])('in %s the line %s', (file, line, expected) => {
  const problems = sourceProblems(file, `first\n${line}\nlast`)
  expect(problems).toEqual(expected === undefined ? [] : [expect.stringContaining(expected)])
  if (expected !== undefined) expect(problems[0]).toMatch(new RegExp(`^${file}:2: `))
})

import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../flow/fixtures/manual-clock.ts'
import { Patience } from './patience.ts'

let clock: ManualClock
let said: string[] = []
let patience: Patience

beforeEach(() => {
  clock = new ManualClock(0)
  said = []
  patience = new Patience(clock, (text) => void said.push(text))
})

test('a quick answer needs no word, a slow one is spoken of again and again', () => {
  clock.advance(1_999)
  expect(said).toEqual([])
  clock.advance(1)
  expect(said).toEqual(['still at it after 2 s'])
  clock.advance(20_000)
  expect(said).toEqual(['still at it after 2 s', 'still at it after 12 s', 'still at it after 22 s'])
})

test('who tells how far it is need not be spoken for', () => {
  clock.advance(1_000)
  patience.heard()
  clock.advance(9_999)
  expect(said).toEqual([])
  clock.advance(1)
  expect(said).toHaveLength(1)
})

test('after the answer nothing is said', () => {
  patience.end()
  clock.advance(60_000)
  expect(said).toEqual([])
})

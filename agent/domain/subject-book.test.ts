import { describe, expect, test } from 'vitest'
import { SubjectBook, type SubjectTerms, type ToldSubject } from './subject-book.ts'

const now = 'aa'.repeat(32)
const before = 'bb'.repeat(32)
const limits = { bound: 3, unknown: 2, wanted: 2, shared: 10 }

function bound(subject: string, bindingsHash = now, plan = 'basic'): ToldSubject {
  return { subject, terms: { bindingsHash, bindings: [{ plan, fromMs: 0, toMs: Infinity }] } }
}

function unknown(subject: string): ToldSubject {
  return { subject, terms: { bindingsHash: now, bindings: [] } }
}

function termsIn(book: SubjectBook, subject: string): SubjectTerms | null {
  return book.termsOf(subject, now)
}

describe('the subjects of an agent', () => {
  test('are wanted when they are seen for the first time, once, until they are told', () => {
    const book = new SubjectBook(limits)
    expect(termsIn(book, 'a')).toBeNull()
    expect(termsIn(book, 'a')).toBeNull()
    expect(book.wanted(10)).toEqual(['a'])
    book.learn([bound('a')])
    expect(book.wantedCount).toBe(0)
    expect(termsIn(book, 'a')).toEqual(bound('a').terms)
    expect(book.wanted(10)).toEqual([])
  })

  test('that nobody knows are not asked about again', () => {
    const book = new SubjectBook(limits)
    book.learn([unknown('x')])
    expect(termsIn(book, 'x')?.bindings).toEqual([])
    expect(book.wantedCount).toBe(0)
  })

  test('told of under other bindings are used as they were, and wanted', () => {
    const book = new SubjectBook(limits)
    book.learn([bound('a', before)])
    expect(termsIn(book, 'a')).toEqual(bound('a', before).terms)
    expect(book.wanted(10)).toEqual(['a'])
    book.learn([bound('a', now, 'large')])
    expect(termsIn(book, 'a')).toEqual(bound('a', now, 'large').terms)
    expect(book.wantedCount).toBe(0)
  })

  test('are forgotten over the limit, those told of longest ago first', () => {
    const book = new SubjectBook(limits)
    expect(book.learn([bound('a'), bound('b'), bound('c')])).toEqual([])
    expect(book.learn([bound('a'), bound('d')])).toEqual(['b'])
    expect(book.boundCount).toBe(3)
    expect(termsIn(book, 'a')).not.toBeNull()
    expect(termsIn(book, 'b')).toBeNull()
  })

  test('that are made up push out nobody who is bound', () => {
    const book = new SubjectBook(limits)
    book.learn([bound('a')])
    expect(book.learn([unknown('x'), unknown('y'), unknown('z')])).toEqual(['x'])
    expect(book.unknownCount).toBe(2)
    expect(termsIn(book, 'a')).not.toBeNull()
  })

  test('beyond the limit wait until others are told', () => {
    const book = new SubjectBook(limits)
    for (const subject of ['a', 'b', 'c']) termsIn(book, subject)
    expect(book.wanted(10)).toEqual(['a', 'b'])
    expect(book.wanted(1)).toEqual(['a'])
    book.learn([bound('a')])
    termsIn(book, 'c')
    expect(book.wanted(10)).toEqual(['b', 'c'])
  })

  test('change between bound and unknown', () => {
    const book = new SubjectBook(limits)
    book.learn([unknown('a')])
    book.learn([bound('a')])
    expect([book.boundCount, book.unknownCount]).toEqual([1, 0])
    book.learn([unknown('a')])
    expect([book.boundCount, book.unknownCount]).toEqual([0, 1])
  })

  test('of the same terms share them, and those of others do not', () => {
    const book = new SubjectBook(limits)
    book.learn([bound('a'), bound('b'), bound('c', now, 'large')])
    expect(termsIn(book, 'a')).toBe(termsIn(book, 'b'))
    expect(termsIn(book, 'c')).toEqual(bound('c', now, 'large').terms)
  })

  test('share terms of a few plans that were sold on every day of three years', () => {
    const book = new SubjectBook()
    const sold = Array.from({ length: 2 * 3 * 365 }, (_, day) => ({
      bindingsHash: now,
      bindings: [{ plan: day % 2 === 0 ? 'basic' : 'large', fromMs: Math.floor(day / 2) * 86_400_000, toMs: Infinity }],
    }))
    const told = (fleet: string): readonly ToldSubject[] =>
      sold.map((terms, day) => ({ subject: `${fleet}-${day}`, terms: structuredClone(terms) }))
    book.learn(told('a'))
    book.learn(told('b'))
    expect(sold.filter((_, day) => termsIn(book, `a-${day}`) !== termsIn(book, `b-${day}`))).toEqual([])
  })

  test('come back as they were stored, the first ones forgotten where they are too many; who is wanted stays so', () => {
    const book = new SubjectBook(limits)
    termsIn(book, 'w')
    book.load([bound('a', before), bound('b'), bound('c'), bound('d'), unknown('x')])
    expect([book.boundCount, book.unknownCount]).toEqual([3, 1])
    expect(termsIn(book, 'a')).toBeNull()
    expect(book.wanted(10)).toEqual(['w', 'a'])
  })
})

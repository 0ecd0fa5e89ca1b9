import { expect, test } from 'vitest'
import { MemoryWatch, cpuMicrosOf, residentBytesOf } from './process-usage.ts'

test('CPU time and memory of a process are read from the kernel', () => {
  const before = cpuMicrosOf(process.pid)
  const own = process.cpuUsage()
  while (process.cpuUsage(own).user + process.cpuUsage(own).system < 60_000) Math.sqrt(before)
  expect(cpuMicrosOf(process.pid) - before).toBeGreaterThanOrEqual(40_000)
  const resident = process.memoryUsage.rss()
  expect(Math.abs(residentBytesOf(process.pid) - resident) / resident).toBeLessThan(0.2)
})

test('a watch knows the most it saw, and says when its process is gone', () => {
  const watch = new MemoryWatch(process.pid)
  expect(watch.stop()).toBeGreaterThan(10_000_000)
  // Process numbers end at 2^22.
  expect(() => new MemoryWatch(2 ** 23).stop()).toThrow('ended while it was watched')
})

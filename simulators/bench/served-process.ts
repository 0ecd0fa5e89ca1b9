/**
 * The manners of a broker that is measured as a process of its own: it prints one JSON line with its port once it
 * listens, one with its CPU and memory for every line it reads on standard input, and ends when that ends.
 */
export function serveMeasured(port: number, counts: () => object): void {
  print({ port })
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', () => {
    const { user, system } = process.cpuUsage()
    print({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), ...counts() })
  })
  process.stdin.on('end', () => process.exit(0))
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

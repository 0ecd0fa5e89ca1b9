// Plain JavaScript without any import: it must also run on a Node that can neither strip types nor load the native
// SQLite module (which crashes the process there), in order to say what is wrong.

const leastMajor = 22
const leastMinor = 18

export function wrongNodeMessage(program, npmScript, version, executable) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined
  return (
    `${program} needs Node ${leastMajor}.${leastMinor} or newer, but was started with Node ${version} (${executable}).\n` +
    `Start it through npm, which uses the Node 24 that "npm ci" has installed: npm run ${npmScript} -- <arguments>\n` +
    'On other systems than Linux, install Node 24 from https://nodejs.org first.\n'
  )
}

export function requireNode(program, npmScript) {
  const message = wrongNodeMessage(program, npmScript, process.versions.node, process.execPath)
  if (message === undefined) return
  process.stderr.write(message)
  process.exit(1)
}

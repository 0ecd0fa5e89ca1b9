import { posix } from 'node:path'
import type { SourceImport } from './source-imports.ts'

/** Every source file by its path from the repository's root, with what it imports. */
export type SourceTree = ReadonlyMap<string, readonly SourceImport[]>

/**
 * The floors from the ground up. A file may import from its own folder and from lower floors of its own package and of
 * shared; folders on one line are neighbours and may not import each other. See ARCHITECTURE.md.
 */
const sharedFloors: readonly (readonly string[])[] = [
  ['base'],
  ['units'],
  ['integrity', 'rating', 'metering'],
  ['model'],
  ['quota'],
  ['wire', 'sqlite', 'config', 'command-line', 'verifier'],
]
const serviceFloors: readonly (readonly string[])[] = [
  ['domain'],
  ['store', 'documents', 'catalogue-files'],
  ['flow'],
  ['config'],
  ['config.ts'],
  ['intake', 'uplink', 'writer', 'backup', 'grpc', 'control', 'http'],
  ['compose.ts'],
  ['cli'],
  ['main.ts'],
  ['bin'],
]

const pureShared = ['base', 'units', 'integrity', 'rating', 'metering', 'model', 'quota']
const pureServiceFolders = ['domain', 'documents', 'catalogue-files']
/** The files of the ground floor that touch the machine; pure code may use their types, not what they do. */
const touchingFiles = ['clock', 'random', 'log'].map((name) => `shared/base/${name}.ts`)
const pureModules = ['zod', 'yaml', 'node:buffer']
const digestNames = ['hash', 'createHash']

/** Libraries that one place stands in front of, so that they can be replaced there. Tests may use them anywhere. */
const confinedModules: Readonly<Record<string, readonly string[]>> = {
  '@grpc/grpc-js': ['shared/wire', 'agent/uplink', 'aggregator/grpc'],
  '@grpc/proto-loader': ['shared/wire'],
  'better-sqlite3': ['shared/sqlite', 'agent/store', 'aggregator/store'],
  aedes: ['agent/intake'],
  commander: ['shared/config', 'agent/cli', 'aggregator/cli'],
  'csv-parse': ['agent/cli'],
  mqtt: ['agent/intake'],
  'mqtt-packet': ['agent/intake'],
  pino: ['shared/base/log.ts'],
  yaml: ['shared/config'],
}

const nodeGuard = 'shared/base/node-guard.mjs'
/** How a database file is opened, and on what disk, decides nothing that the oracle checks. */
const oracleMayUse = ['shared/sqlite/open.ts', 'shared/sqlite/simulated-disk.ts']

interface Place {
  readonly package: string
  /** The folder under the package, or the file when it stands at the package's root. */
  readonly folder: string
  readonly floor: number
}

/** Everything in a source tree that breaks the house's rules about imports, one sentence each. */
export function floorProblems(tree: SourceTree): readonly string[] {
  const problems: string[] = []
  for (const [file, imports] of tree) {
    const place = placeOf(file)
    if (typeof place === 'string') {
      problems.push(place)
      continue
    }
    if (/(^|\/)index\.[a-z]+$/.test(file)) problems.push(`${file} is a barrel: import the files themselves`)
    for (const one of imports) problems.push(...importProblems(tree, file, place, one))
  }
  return [...problems, ...impurities(tree), ...cycles(tree)]
}

function importProblems(tree: SourceTree, file: string, place: Place, one: SourceImport): readonly string[] {
  if (one.specifier === undefined) return [`${file} imports a module whose name is computed`]
  const problems: string[] = []
  if (one.exportsAll) problems.push(`${file} exports all of ${one.specifier}: name what is exported`)
  const target = targetOf(file, one.specifier)
  if (target === undefined) return [...problems, ...confinementProblems(file, one.specifier)]
  if (!tree.has(target)) {
    // Sources are the only files the tree knows; data beside them may be opened by name.
    if (/\.(ts|mjs|js)$|\/[^.]+$/.test(target)) problems.push(`${file} imports ${target}, which does not exist`)
    return problems
  }
  const targetPlace = placeOf(target)
  if (typeof targetPlace !== 'string') problems.push(...arrowProblems(file, place, target, targetPlace, one.specifier))
  return problems
}

function arrowProblems(file: string, from: Place, target: string, to: Place, specifier: string): readonly string[] {
  const arrow = `${file} imports ${target}`
  if (isTest(target) && !isTest(file) && from.package !== 'simulators') return [`${arrow}, which is for tests only`]
  // What starts a program names its file, and the Node version is checked before anything can be relied on.
  const namesFile = to.folder === 'bin' || target === nodeGuard
  if (from.package !== to.package && specifier.startsWith('.') && !namesFile) {
    return [`${arrow} by a relative path out of its package: write @meterline/${to.package}/…`]
  }
  if (from.package === 'simulators') {
    const inOracle = to.package === 'simulators' && to.folder === 'oracle'
    const apart = from.folder === 'oracle' && !inOracle && !oracleMayUse.includes(target)
    return apart && !isTest(file) ? [`${arrow}: the oracle shares nothing with what it checks`] : []
  }
  if (to.package === 'simulators') return [`${arrow}: nothing below may know the simulators`]
  if (from.package !== to.package && to.package !== 'shared') {
    return [`${arrow}: ${from.package} and ${to.package} only share what is in shared`]
  }
  if (to.package === 'shared' && from.package !== 'shared') return []
  // A test of a program starts it as a process.
  if (to.folder === from.folder || to.floor < from.floor || (to.folder === 'bin' && isTest(file))) return []
  return [`${arrow}: an arrow ${to.floor === from.floor ? 'sideways' : 'upwards'}, from ${from.folder} to ${to.folder}`]
}

function confinementProblems(file: string, specifier: string): readonly string[] {
  if (isTest(file) || file.startsWith('simulators/')) return []
  const places = confinedModules[specifier]
  if (places === undefined || places.some((allowed) => file === allowed || file.startsWith(`${allowed}/`))) return []
  return [`${file} imports ${specifier}, which only ${places.join(', ') || 'the simulators'} may know`]
}

/** Pure files that reach, over any number of imports, something that touches the machine. */
function impurities(tree: SourceTree): readonly string[] {
  const reasons = new Map<string, string | undefined>()
  const problems: string[] = []
  for (const [file, imports] of tree) {
    if (isTest(file)) continue
    if (isPure(file)) {
      const reason = reasonOfImpurity(tree, file, reasons)
      if (reason !== undefined) problems.push(`${file} must stay pure, but ${reason}`)
    }
    if (file.split('/')[1] === 'flow') {
      const touched = imports.map((one) => touchOf(file, one)).filter((reason) => reason !== undefined)
      problems.push(
        ...touched.map((reason) => `${file} tells the story and leaves the machine to a rim, but ${reason}`),
      )
    }
  }
  return problems
}

function reasonOfImpurity(tree: SourceTree, file: string, known: Map<string, string | undefined>): string | undefined {
  if (known.has(file)) return known.get(file)
  known.set(file, undefined)
  let reason: string | undefined
  for (const one of tree.get(file) ?? []) {
    reason ??= touchOf(file, one)
    const target = one.specifier === undefined ? undefined : targetOf(file, one.specifier)
    if (reason !== undefined || target === undefined || one.typeOnly) continue
    const below = reasonOfImpurity(tree, target, known)
    if (below !== undefined) reason = `imports ${target}, which ${below}`
  }
  known.set(file, reason)
  return reason
}

/** Why one import touches the machine by itself, or undefined when it does not. */
function touchOf(file: string, one: SourceImport): string | undefined {
  const { specifier } = one
  if (specifier === undefined) return undefined
  const target = targetOf(file, specifier)
  if (target !== undefined) return touchingFiles.includes(target) && !one.typeOnly ? `uses ${target}` : undefined
  if (pureModules.includes(specifier)) return undefined
  if (specifier === 'node:crypto') {
    if (file.startsWith('shared/integrity/')) return undefined
    if (one.typeOnly || one.names?.every((name) => digestNames.includes(name)) === true) return undefined
  }
  return `imports ${specifier}`
}

/** One sentence for each group of files that import each other in a circle; imports of types count. */
function cycles(tree: SourceTree): readonly string[] {
  const finished = new Set<string>()
  const path: string[] = []
  const found: string[] = []
  const visit = (file: string): void => {
    const start = path.indexOf(file)
    if (start >= 0) found.push(`files import each other in a circle: ${[...path.slice(start), file].join(' → ')}`)
    if (start >= 0 || finished.has(file)) return
    path.push(file)
    for (const { specifier } of tree.get(file) ?? []) {
      const target = specifier === undefined ? undefined : targetOf(file, specifier)
      if (target !== undefined && tree.has(target)) visit(target)
    }
    path.pop()
    finished.add(file)
  }
  for (const file of tree.keys()) visit(file)
  return found
}

/** The file of this repository an import leads to; undefined for a library or a module of Node. */
function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file), specifier))
  return specifier.startsWith('@meterline/') ? specifier.slice('@meterline/'.length) : undefined
}

function placeOf(file: string): Place | string {
  const [packageName = '', folder = ''] = file.split('/')
  // Tests of a file at a package's root stand on its floor, also where it has several: compose-uplink.test.ts.
  const plain = folder.replace(/(-[a-z-]+)?((\.e2e|\.long|\.property|\.bench)?\.test|-for-tests)\.ts$/, '.ts')
  if (packageName === 'simulators') return { package: packageName, folder: plain, floor: 0 }
  const floors = packageName === 'shared' ? sharedFloors : serviceFloors
  const floor = floors.findIndex((folders) => folders.includes(plain))
  if (floor >= 0) return { package: packageName, folder: plain, floor }
  return `${file} stands on no floor: put it into a folder the floors know, or give it one there`
}

/** Whether a file must be free of input, output, clock and randomness. */
export function isPure(file: string): boolean {
  const [packageName, folder = ''] = file.split('/')
  if (packageName === 'shared') return pureShared.includes(folder) && !touchingFiles.includes(file)
  return packageName !== 'simulators' && pureServiceFolders.includes(folder)
}

/** Whether a file is a test or helps tests. */
export function isTest(file: string): boolean {
  return /(\.test|-for-tests)\.ts$|\/testing\//.test(file)
}

import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lockfileSchema, looseVersions, manifestSchema, productionLibraries, type Manifest } from './dependencies.ts'
import { isTest } from './floors.ts'
import { packageNames, readSourceTree, repositoryRoot } from './source-files.ts'

const lockfile = lockfileSchema.parse(readJson('package-lock.json'))
const manifests = new Map(['.', ...packageNames].map((folder) => [folder, readManifest(folder)]))

test.each([...manifests])('every version in %s/package.json is exact', (_folder, manifest) => {
  expect(looseVersions(manifest)).toEqual([])
})

test.each(['^1.2.3', '~1.2.3', '1.2', '1.x', '*', 'latest', '>=1.2.3', 'github:owner/name', 'file:../x'])(
  'the version %s is not exact',
  (version) => {
    const manifest = manifestSchema.parse({ name: 'a', dependencies: { library: version, exact: '1.2.3-beta.1' } })
    expect(looseVersions(manifest)).toEqual([`library@${version}`])
  },
)

test('every locked library has a checksum and none is deprecated', () => {
  const libraries = Object.entries(lockfile.packages).filter(([folder]) => folder.includes('node_modules/'))
  const installed = libraries.filter(([, locked]) => !locked.link)
  expect(installed.length).toBeGreaterThan(50)
  expect(installed.filter(([, locked]) => locked.integrity === undefined).map(([folder]) => folder)).toEqual([])
  expect(installed.filter(([, locked]) => locked.deprecated !== undefined).map(([folder]) => folder)).toEqual([])
})

test('nothing needs an install script', () => {
  expect(readFileSync(join(repositoryRoot, '.npmrc'), 'utf8').split('\n')).toContain('ignore-scripts=true')
  for (const { scripts } of manifests.values()) {
    expect(Object.keys(scripts).filter((name) => /^(pre|post)|^(prepare|install)$/.test(name))).toEqual([])
  }
  const withScripts = Object.entries(lockfile.packages).filter(([, locked]) => locked.hasInstallScript)
  // protobufjs only prints a hint about versions; cbor-extract is an acceleration that is never used (tests only);
  // esbuild (development only) tries its binary, which comes as a package of its own.
  // A new name here means checking that the library works without its script.
  expect(withScripts.map(([folder]) => folder)).toEqual([
    'node_modules/cbor-extract',
    'node_modules/esbuild',
    'node_modules/protobufjs',
  ])
})

// What an edge box or a server installs besides Meterline itself. A larger number is a decision, not an accident.
test.each([
  ['agent', 101],
  ['aggregator', 51],
])('%s installs %i libraries', (workspace, count) => {
  expect(productionLibraries(lockfile, workspace)).toHaveLength(count)
})

test('libraries are found as Node finds them', () => {
  const nested = lockfileSchema.parse({
    lockfileVersion: 3,
    packages: {
      '': { dependencies: { tool: '9.0.0' } },
      app: { dependencies: { a: '1.0.0', '@x/shared': '1.0.0', gone: '1.0.0' } },
      shared: { dependencies: { b: '1.0.0' } },
      'node_modules/@x/shared': { resolved: 'shared', link: true },
      'node_modules/a': { dependencies: { b: '2.0.0' }, peerDependencies: { c: '1.0.0' } },
      'node_modules/a/node_modules/b': { dependencies: { a: '1.0.0' } },
      'node_modules/b': {},
      'node_modules/c': {},
      'node_modules/tool': {},
    },
  })
  expect(productionLibraries(nested, 'app')).toEqual([
    'node_modules/a',
    'node_modules/a/node_modules/b',
    'node_modules/b',
    'node_modules/c',
  ])
})

test('every imported library is declared by the package that imports it, or by shared', () => {
  const undeclared = [...readSourceTree()].flatMap(([file, imports]) =>
    imports
      .map(({ specifier }) => (specifier === undefined ? undefined : libraryOf(specifier)))
      .filter((library) => library !== undefined && !declaredFor(file).has(library))
      .map((library) => `${file} imports ${library}`),
  )
  expect(undeclared).toEqual([])
})

function declaredFor(file: string): ReadonlySet<string> {
  const [packageName = ''] = file.split('/')
  // Tests and simulators may use whatever the repository installs.
  const isOutside = packageName === 'simulators' || isTest(file)
  const packages = isOutside ? packageNames : [packageName, 'shared']
  const own = packages.map((folder) => Object.keys(manifests.get(folder)?.dependencies ?? {}))
  const development = Object.keys(manifests.get('.')?.devDependencies ?? {})
  return new Set([...own.flat(), ...(isOutside ? development : [])])
}

/** The library an import names, undefined for our own files and for Node's modules. */
function libraryOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('@meterline/')) return undefined
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function readManifest(folder: string): Manifest {
  return manifestSchema.parse(readJson(join(folder, 'package.json')))
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8'))
}

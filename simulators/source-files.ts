import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SourceTree } from './floors.ts'
import { importsOf } from './source-imports.ts'

/** The repository's root folder. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url))

/** The four packages. */
export const packageNames = ['shared', 'agent', 'aggregator', 'simulators'] as const

const notSources = ['node_modules', 'dist']

/** The text of every source file of the packages, by its path from the root with forward slashes. */
export function readSourceFiles(): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const packageName of packageNames) collect(packageName, texts)
  return texts
}

/** What every source file imports. */
export function readSourceTree(): SourceTree {
  const tree = new Map([...readSourceFiles()].map(([file, text]) => [file, importsOf(text)]))
  // The bad arrows its tests plant would be read as its own.
  tree.delete('simulators/floors.test.ts')
  return tree
}

function collect(folder: string, texts: Map<string, string>): void {
  for (const entry of readdirSync(join(repositoryRoot, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (!notSources.includes(entry.name)) collect(path, texts)
    } else if (/\.(ts|mts|cts|mjs|cjs|js)$/.test(entry.name)) {
      texts.set(path, readFileSync(join(repositoryRoot, path), 'utf8'))
    }
  }
}

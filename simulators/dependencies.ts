import { z } from 'zod'

const versions = z.record(z.string(), z.string()).default({})

/** What this needs to know of a package's manifest. */
export const manifestSchema = z.object({
  name: z.string(),
  dependencies: versions,
  devDependencies: versions,
  optionalDependencies: versions,
  peerDependencies: versions,
  scripts: versions,
})

const lockedSchema = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().default(false),
  dependencies: versions,
  optionalDependencies: versions,
  peerDependencies: versions,
  hasInstallScript: z.boolean().default(false),
  deprecated: z.string().optional(),
})

/** npm's lockfile, version 3: every installed package by its folder. */
export const lockfileSchema = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), lockedSchema) })

export type Manifest = z.output<typeof manifestSchema>
export type Lockfile = z.output<typeof lockfileSchema>

/** Dependencies of a manifest that are not pinned to one exact version: `name@range`. */
export function looseVersions(manifest: Manifest): readonly string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest
  return [dependencies, devDependencies, optionalDependencies, peerDependencies].flatMap((group) =>
    Object.entries(group)
      .filter(([, version]) => !/^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$/.test(version))
      .map(([name, version]) => `${name}@${version}`),
  )
}

/**
 * The libraries installed when one workspace is installed without its development dependencies: the folders of
 * everything reachable from it, other workspaces walked through but not counted.
 */
export function productionLibraries(lockfile: Lockfile, workspace: string): readonly string[] {
  const reached = new Set<string>()
  const visit = (folder: string): void => {
    if (reached.has(folder)) return
    reached.add(folder)
    const locked = lockfile.packages[folder]
    if (locked === undefined) return
    // An optional or peer dependency that npm left out is not in the lockfile and counts for nothing.
    const needed = { ...locked.peerDependencies, ...locked.optionalDependencies, ...locked.dependencies }
    for (const name of Object.keys(needed)) {
      const found = resolve(lockfile, folder, name)
      if (found !== undefined) visit(found)
    }
  }
  visit(workspace)
  return [...reached].filter((folder) => folder.includes('node_modules/')).toSorted()
}

/** The folder Node would load `name` from in `folder`, links followed. */
function resolve(lockfile: Lockfile, folder: string, name: string): string | undefined {
  for (let above = folder; ; above = above.slice(0, Math.max(0, above.lastIndexOf('/')))) {
    const candidate = above === '' ? `node_modules/${name}` : `${above}/node_modules/${name}`
    const locked = lockfile.packages[candidate]
    if (locked !== undefined) return locked.link ? locked.resolved : candidate
    if (above === '') return undefined
  }
}

import { enableCompileCache, registerHooks } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FaultError } from '@meterline/shared/base/errors.ts'
import { defectNamed } from './all-defects.ts'
import { plantDefect } from './source-defect.ts'

/**
 * Loaded with `node --import './simulators/planted/plant-on-load.ts?defect=<name>'` before anything else, in a process or
 * a worker thread (threads that it starts inherit it): the module that holds the defect is changed on its way from the file
 * to the runtime. Without a name nothing is changed.
 */
// Every hunt loads all modules anew; what is kept of them goes by their content, so that a defect is never missed.
enableCompileCache()

const name = new URL(import.meta.url).searchParams.get('defect')
if (name !== null) {
  const defect = defectNamed(name)
  const file = join(import.meta.dirname, '..', '..', defect.file)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.startsWith('file:') || fileURLToPath(url) !== file) return loaded
      const planted = plantDefect(textOf(loaded.source), defect)
      if (!planted.ok) throw new FaultError(planted.fault)
      return { ...loaded, source: planted.value }
    },
  })
}

/** What to start a process or thread with so that the defect is in it. */
export function plantingArguments(defect: string): readonly string[] {
  const loader = new URL(import.meta.url)
  loader.search = `defect=${defect}`
  return ['--import', loader.href]
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray | undefined): string {
  if (source === undefined || typeof source === 'string') return source ?? ''
  return new TextDecoder().decode(source)
}

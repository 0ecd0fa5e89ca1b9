/** One import of a source file, of whatever kind. */
export interface SourceImport {
  /** What is imported, as written; undefined when the code computes it. */
  readonly specifier: string | undefined
  /** True when nothing is left of it once types are stripped. */
  readonly typeOnly: boolean
  /** The imported names; undefined when it takes the whole module. */
  readonly names: readonly string[] | undefined
  /** True for `export * from`. */
  readonly exportsAll: boolean
}

// The formatter puts every import and export statement at the start of a line, which keeps these patterns honest.
const statement =
  /^(import|export)\s+(type\s+)?(?:([\w$]+)\s*,?\s*)?(\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})?\s*from\s*(?:'([^']+)'|"([^"]+)")/gm
const bareStatement = /^import\s+(?:'([^']+)'|"([^"]+)")/gm
const typeQuery = /\btypeof\s+import\(\s*'([^']+)'/g
const call = /(?<!typeof\s)\b(?:import|require|getBuiltinModule|import\.meta\.resolve)\(\s*(?:'([^']+)'|([^)\s]))/g
const entryUrl = /\bnew URL\(\s*'(\.[^']*\.(?:ts|mjs|js))'\s*,\s*import\.meta\.url/g

/**
 * Every import of a TypeScript or JavaScript text: import and export-from statements, type-only ones too, dynamic
 * imports, `require`, and the `new URL(…, import.meta.url)` of a worker's or process's entry file.
 */
export function importsOf(text: string): readonly SourceImport[] {
  const code = withoutLineComments(text)
  const found: SourceImport[] = []
  for (const match of code.matchAll(statement)) {
    const [, , type, defaultName, clause, single, double] = match
    const names = namesIn(defaultName, clause)
    const inlineTypes = clause !== undefined && clause.startsWith('{') && defaultName === undefined
    found.push({
      specifier: single ?? double,
      typeOnly: type !== undefined || (inlineTypes && everyNameIsType(clause)),
      names,
      exportsAll: match[1] === 'export' && clause?.startsWith('*') === true,
    })
  }
  for (const match of code.matchAll(bareStatement)) found.push(whole(match[1] ?? match[2]))
  for (const match of code.matchAll(call)) found.push(whole(match[1]))
  for (const match of code.matchAll(entryUrl)) found.push(whole(match[1]))
  for (const match of code.matchAll(typeQuery)) found.push({ ...whole(match[1]), typeOnly: true })
  return found
}

function whole(specifier: string | undefined): SourceImport {
  return { specifier, typeOnly: false, names: undefined, exportsAll: false }
}

function namesIn(defaultName: string | undefined, clause: string | undefined): readonly string[] | undefined {
  if (clause?.startsWith('*') === true) return undefined
  const listed = clause === undefined ? [] : entriesIn(clause).map((entry) => entry.replace(/^type\s+/, ''))
  const imported = listed.map((entry) => entry.split(/\s+as\s+/)[0] ?? entry)
  return defaultName === undefined ? imported : ['default', ...imported]
}

function everyNameIsType(clause: string): boolean {
  const entries = entriesIn(clause)
  return entries.length > 0 && entries.every((entry) => entry.startsWith('type '))
}

function entriesIn(clause: string): readonly string[] {
  return clause
    .slice(1, -1)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

/** The text without lines that are comments as a whole, where code is only talked about. */
function withoutLineComments(text: string): string {
  return text.replaceAll(/^\s*(?:\/\/|\/\*|\*).*$/gm, '')
}

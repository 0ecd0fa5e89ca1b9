const longestFilterBytes = 1024
const sharedPattern = /^\$share\/[^/+#]+\/(.+)$/s

/**
 * Why a text cannot be a topic filter (MQTT 3.1.1, section 4.7), in words that follow its name; null when it can.
 * `+` stands for one whole level, `#` for any number of them at the end. At most 1,024 bytes.
 */
export function topicFilterProblem(filter: string): string | null {
  if (filter === '') return 'is empty'
  if (Buffer.byteLength(filter) > longestFilterBytes) return `has more than ${longestFilterBytes} bytes`
  if (filter.includes('\0')) return 'holds the character NUL, which no topic may'
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return 'has a # that is not the whole last level'
    }
    if (level.includes('+') && level !== '+') return 'has a + that is not a whole level'
  }
  return null
}

/** The filter that messages of a shared subscription `$share/<group>/<filter>` match (MQTT 5, section 4.8.2). */
export function sharedFilterOf(filter: string): string {
  return sharedPattern.exec(filter)?.[1] ?? filter
}

/** Whether a topic matches a filter. Wildcards at the first level leave out topics beginning with `$` (section 4.7.2). */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && isWildcard(wanted[0])) return false
  for (const [index, level] of wanted.entries()) {
    // It also stands for the level above it: `a/#` matches `a` (section 4.7.1.2).
    if (level === '#') return levels.length >= index
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false
  }
  return wanted.length === levels.length
}

/** Whether some topic matches both filters, so that a message on it would have two meanings. */
export function filtersOverlap(left: string, right: string): boolean {
  const a = left.split('/')
  const b = right.split('/')
  const [firstA = '', firstB = ''] = [a[0], b[0]]
  if ((firstA.startsWith('$') && isWildcard(firstB)) || (firstB.startsWith('$') && isWildcard(firstA))) return false
  for (let index = 0; ; index++) {
    const [levelA, levelB] = [a[index], b[index]]
    if (levelA === '#' || levelB === '#') {
      const [above, other] = levelA === '#' ? [firstA, levelB] : [firstB, levelA]
      // `/#` also stands for what is above it, but a topic of one empty level is empty, which none may be (section 4.7.3).
      return !(index === 1 && above === '' && other === undefined)
    }
    if (levelA === undefined || levelB === undefined) return levelA === levelB
    if (levelA !== '+' && levelB !== '+' && levelA !== levelB) return false
  }
}

function isWildcard(level: string | undefined): boolean {
  return level === '+' || level === '#'
}

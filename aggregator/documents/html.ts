const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** HTML that was made here and needs no escaping any more. */
export class Html {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

/** What may stand in a template: HTML as it is, everything else escaped as text. */
export type HtmlPart = Html | string | number | readonly Html[]

/**
 * A template of HTML: whatever is put into it is text and gets escaped, unless it is HTML itself. Names of customers
 * and meters come from outside, so there is no other way to put them into a page.
 */
export function markup(texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let source = texts[0] ?? ''
  for (const [index, part] of parts.entries()) source += sourceOf(part) + (texts[index + 1] ?? '')
  return new Html(source)
}

function sourceOf(part: HtmlPart): string {
  if (part instanceof Html) return part.source
  if (typeof part === 'string' || typeof part === 'number') return escapeText(String(part))
  return part.map(({ source }) => source).join('')
}

/** Text as it may stand in elements and in quoted attributes. */
function escapeText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}

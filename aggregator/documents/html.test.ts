import { expect, test } from 'vitest'
import { markup } from './html.ts'

test('what is put into a template is text', () => {
  const name = `<script>alert("1 & 'one'")</script>`
  expect(markup`<p title="${name}">${name}</p>`.source).toBe(
    '<p title="&lt;script&gt;alert(&quot;1 &amp; &#39;one&#39;&quot;)&lt;/script&gt;">' +
      '&lt;script&gt;alert(&quot;1 &amp; &#39;one&#39;&quot;)&lt;/script&gt;</p>',
  )
})

test('templates stand in templates as they are, alone and in lists', () => {
  const items = ['a', '<b>'].map((item) => markup`<li>${item}</li>`)
  const page = markup`<ul>${items}</ul>${markup`<hr />`}${7}`
  expect(page.source).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul><hr />7')
})

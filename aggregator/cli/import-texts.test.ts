import { expect, test } from 'vitest'
import { importText } from './import-texts.ts'

test('the report counts what is priced and names what is not, without control characters', () => {
  const text = importText(
    {
      modelsRead: 7,
      modelsPriced: 1,
      refused: [
        { note: 'is priced by images', models: ['a', 'b', 'c', 'd'] },
        { note: 'states no price', models: ['e\u001b[2J', 'f'] },
      ],
      leftOut: [{ note: 'input_cost_per_request', models: ['g'] }],
      assumed: [],
    },
    2,
  )
  expect(text).toBe(`1 of 7 models priced, in 2 rows.

Not in the matrix, because the model:
     4  is priced by images: a, b, c, …
     2  states no price: e [2J, f

Charged on top of tokens and not in the matrix:
     1  input_cost_per_request: g`)
})

import { describe } from 'vitest'
import { answersComeOut, rows } from './answers-for-tests.ts'

describe('tiers', () => {
  const stripe = {
    tiers: [
      { upTo: 5, unit: '7' },
      { upTo: 10, unit: '6.5' },
      { upTo: null, unit: '6' },
    ],
  }
  const lago = {
    tiers: [
      { upTo: 10, unit: '10', flat: '2' },
      { upTo: 20, unit: '5', flat: '3' },
      { upTo: null, unit: '5', flat: '3' },
    ],
  }
  const lagoVolume = {
    tiers: [
      { upTo: 100, unit: '2', flat: '10' },
      { upTo: 200, unit: '1', flat: '0' },
      { unit: '0.5', flat: '50' },
    ],
  }
  const meter = {
    tiers: [{ upTo: 5, unit: '0', flat: '100' }, { upTo: 10, flat: '50' }, { upTo: 15, unit: '5' }, { unit: '1' }],
  }
  const volume = {
    tiers: [{ upTo: 5, flat: '100' }, { upTo: 10, flat: '150' }, { upTo: 15, unit: '10' }, { unit: '5' }],
  }
  const percent = {
    tiers: [
      { upTo: 10, ratePct: '1', flat: '200' },
      { upTo: 20, ratePct: '2', flat: '300' },
      { upTo: null, ratePct: '3', flat: '400' },
    ],
  }
  answersComeOut([
    ...rows('volume', stripe, [
      [{ quantity: 0 }, { total: '0' }],
      [{ quantity: 5 }, { total: '35', currency: 'USD' }],
      [{ quantity: '11' }, { total: 66 }],
    ]),
    ...rows('graduated', stripe, [
      [{ quantity: 6 }, { total: '41.5' }],
      [{ quantity: 25 }, { total: '157.50' }],
      [{ quantity: [20, 5] }, { total: '157.5' }],
    ]),
    ...rows('graduated', lago, [
      [{ quantity: '0' }, { total: '2' }],
      [{ quantity: '12' }, { total: '115', unitAmount: '9.58333' }],
      [{ quantity: '21' }, { total: '163' }],
      [{ quantity: 0, flatAtZero: false }, { total: '0' }],
    ]),
    ...rows('volume', lagoVolume, [
      [{ quantity: '0' }, { total: '10' }],
      [{ quantity: '100.5' }, { total: '100.5' }],
      [{ quantity: '300' }, { total: '200' }],
    ]),
    ...rows('graduated', { tiers: [{ upTo: 0.1, unit: 10 }, { upTo: '1', unit: '5' }, { unit: '2' }] }, [
      [{ quantity: 0.5 }, { total: '3.0' }],
    ]),
    ...rows('graduated_percentage', percent, [
      [{ quantity: '0' }, { total: '200' }],
      [{ quantity: '11' }, { total: '500.12' }],
      [{ quantity: '21' }, { total: '900.33' }],
      [{ quantity: '0.0000001' }, { total: '200.000000001' }],
    ]),
    ...rows('graduated', meter, [
      [{ quantity: 22 }, { total: '182', lines: ['100', '50', '25', '7'] }],
      [{ quantity: 0 }, { total: '100', lines: [{ amount: '0' }, { amount: '100' }] }],
    ]),
    ...rows('graduated_incremental', meter, [
      [
        { previousQuantity: 7, quantity: 1 },
        { total: '0', lines: [] },
      ],
      [
        { previousQuantity: 12, quantity: 10 },
        { total: '22', lines: ['15', '7'] },
      ],
    ]),
    ...rows('graduated_min', { ...meter, minimum: '1000', previouslyBilled: '100' }, [
      [{ quantity: 0 }, { minSpendLine: '900', gross: '0', total: '900' }],
      [
        { previousQuantity: 2, quantity: 0 },
        { minSpendLine: '900', total: '900' },
      ],
    ]),
    ...rows('graduated_max', { ...meter, maximum: '170' }, [
      [
        { previousQuantity: 12, quantity: 10, previouslyBilled: '160' },
        { gross: '22', discount: '12', total: '10' },
      ],
      [
        { previousQuantity: 12, quantity: 10 },
        { gross: '22', discount: '12', total: '10' },
      ],
      [
        { previousQuantity: 22, quantity: 3 },
        { gross: '3', discount: '3', total: '0' },
      ],
    ]),
    ...rows('volume_min', { ...volume, minimum: '150' }, [
      [{ quantity: 5 }, { usage: '100', minSpendLine: '50', total: '150', lines: ['100', '50'] }],
      [{ quantity: 100 }, { minSpendLine: '0', total: '500' }],
    ]),
    ...rows('volume_max', { ...volume, maximum: '125' }, [
      [{ quantity: 7 }, { gross: '150', discount: '25', total: '125' }],
      [{ quantity: 5 }, { discount: '0', total: '100' }],
    ]),
    ...rows('tiered', { graduated_ranges: [{ to_value: 10, per_unit_amount: '1', flat_amount: '0' }] }, [
      [{ units: '12' }, { amount: '12' }],
    ]),
    ...rows('tiered', { tiers: [{ upTo: 1000, unit: '0.10' }, { upTo: 10_000, unit: '0.05' }, { unit: '0.01' }] }, [
      [{ quantity: 15_000 }, { total: '600' }],
      [{ quantity: 15_000, mode: 'slab' }, { total: '600' }],
      [{ quantity: 15_000, mode: 'VOLUME' }, { total: '150' }],
    ]),
    ...rows('tiered_slab', { tiers: [{ upTo: 10_000, price: '1', packageSize: 1000 }, { price: '0.0005' }] }, [
      [{ quantity: 4500 }, { total: '5' }],
      [{ quantity: 10_500 }, { total: '10.25' }],
    ]),
    ...rows('stair_step', { tiers: [{ upTo: 10, price: '5' }, { price: '20' }] }, [
      [{ quantity: 10 }, { total: '5' }],
      [{ quantity: 11 }, { total: '20' }],
    ]),
    ...rows(
      'capacity',
      {
        tiers: [
          { max: 100, price: '10' },
          { max: -1, price: '30' },
        ],
      },
      [[{ quantity: 101 }, { total: '30' }]],
    ),
    ...rows(
      'volume',
      {
        tiers: [
          { up_to: '1,000', unit_amount: '$0.10' },
          { up_to: 'inf', unit_amount: '0.05' },
        ],
      },
      [[{ quantity: '2_000' }, { total: '100' }]],
    ),
  ])
})

describe('blocks', () => {
  const blocks = [
    { max: 10, blockSize: 100, blockPrice: '1' },
    { max: 100, blockSize: 1000, blockPrice: '1' },
  ]
  const foo = [
    { max: 10, blockSize: 1, blockPrice: '1' },
    { max: 50, blockSize: 1, blockPrice: '10' },
    { max: 75, blockSize: 1, blockPrice: '100' },
  ]
  answersComeOut([
    ...rows('graduated_blocks', { tiers: blocks }, [
      [{ quantity: 5325 }, { lines: ['10', '5'], total: '15' }],
      // Beyond the last tier nothing is charged: it has a hundred blocks.
      [{ quantity: 500_000 }, { total: '110' }],
    ]),
    ...rows('graduated_blocks', { tiers: [blocks[0], { max: -1, blockSize: 1000, blockPrice: '1' }] }, [
      [{ quantity: 500_000 }, { total: '509' }],
    ]),
    ...rows('graduated_blocks', { tiers: foo }, [
      [
        { previousQuantity: 50, quantity: 20 },
        { lines: ['100', '1000'], total: '1100' },
      ],
    ]),
    ...rows('volume_blocks', { tiers: [...blocks, { max: 100, blockSize: 1000, blockPrice: '0.5' }] }, [
      [{ quantity: 1000 }, { total: '10' }],
      [{ quantity: 101_000 }, { total: '101' }],
      [{ quantity: 101_001 }, { total: '51.0' }],
      [{ quantity: 300_000 }, { total: '150.0' }],
    ]),
  ])
})

describe('units, packages, packets and fees', () => {
  const pack = { packageSize: 10, packagePrice: '15' }
  const thousand = { unitConfig: { operation: 'divide', conversionFactor: 1000, rounding: 'ceiling' } }
  answersComeOut([
    ...rows('standard', { amount: '5.12345' }, [[{ quantity: 10 }, { total: '51.2345', unitAmount: '5.12345' }]]),
    ...rows('unit', { unitPrice: '0.0000001' }, [
      [{ quantity: 3 }, { total: '0.0000003', exactUnrounded: '0.0000003' }],
    ]),
    ...rows('unit', { unitPrice: '10' }, [
      [
        { previousQuantity: 7, quantity: 5, previouslyBilled: '70', maximum: '100' },
        { gross: '50', discount: '20' },
      ],
      [
        { quantity: 0, minimum: '100' },
        { minSpendLine: '100', total: '100' },
      ],
      [{ quantity: 1400, ...thousand }, { total: '20' }],
      [{ quantity: 1400, conversionFactor: 1000 }, { total: '14' }],
    ]),
    ...rows('graduated_unit_config', { tiers: [{ upTo: 5, unit: '1' }, { unit: '0.5' }], ...thousand }, [
      [{ quantity: 7400 }, { total: '6.5', lines: ['5', '1.5'] }],
    ]),
    ...rows('package', pack, [
      [{ quantity: 0 }, { total: '0' }],
      [{ quantity: 11 }, { total: '30', packages: 2 }],
      [
        { quantity: 121, freeUnits: 10 },
        { total: '180', packages: 12 },
      ],
      [
        { quantity: 121, freeUnits: 200 },
        { total: '0', unitAmount: '0' },
      ],
    ]),
    ...rows('package_incremental', pack, [
      [
        { previousQuantity: 17, quantity: 5 },
        { total: '15', packages: 1 },
      ],
    ]),
    ...rows('package_max', { ...pack, maximum: '100' }, [
      [
        { previousQuantity: 60, quantity: 50 },
        { gross: '75', discount: '65', total: '10' },
      ],
    ]),
    ...rows('multiplier', { multiplier: '1.33333' }, [
      [{ amount: '10' }, { total: '13.33' }],
      [
        { previousQuantity: 70, amount: 50, maximum: '100' },
        { gross: '66.67', discount: '60', total: '6.67' },
      ],
      [{ amount: '10', rounding: { digits: 3, rule: 'down' } }, { total: '13.333' }],
    ]),
    ...rows('dynamic', { preciseTotalAmountCents: '40.2' }, [
      [{ quantity: 20 }, { total: '0.402', unitAmount: '0.0201' }],
      [{ quantity: 0 }, { total: '0' }],
    ]),
    ...rows('data_unit', { unitBytes: 24, unitPrice: '0.00001' }, [
      [{ payloadBytes: 0 }, { units: 1, total: '0.00001' }],
      [{ payloadBytes: 24, minUnits: 1 }, { units: 1 }],
      [{ payloadBytes: [25, 0, 48] }, { units: 5, total: '0.00005' }],
    ]),
    ...rows('overage', { included: 100, overagePrice: '2', baseFee: '20' }, [
      [{ quantity: 0 }, { total: '20' }],
      [{ quantity: 130 }, { total: '80', lines: ['20', '60'] }],
    ]),
    ...rows('capacity', { rate: '50', included: 10, overageRate: '3' }, [[{ quantity: 12 }, { total: '56' }]]),
    ...rows('included_units', { included: 0, unitPrice: '2' }, [[{ quantity: 3 }, { total: '6' }]]),
    ...rows('recurring_fee', { amount: '12.5' }, [
      [{}, { total: '12.50' }],
      [{ seats: 25 }, { total: '312.5' }],
    ]),
  ])
})

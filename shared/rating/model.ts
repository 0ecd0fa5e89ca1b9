import { assertThat } from '../base/errors.ts'
import { compileGraduated, type GraduatedPrice } from './graduated.ts'
import { compileGraduatedPercentage, type GraduatedPercentagePrice } from './graduated-percentage.ts'
import { compilePackage, type CompiledPackage, type PackagePrice } from './package.ts'
import { compilePerUnit, type CompiledPerUnit, type PerUnitPrice } from './per-unit.ts'
import { compilePercentage, type CompiledPercentage, type PercentagePrice } from './percentage.ts'
import { compileStairStep, type StairStepPrice } from './stair-step.ts'
import { compileStepped, type CompiledStepped, type SteppedPrice } from './stepped.ts'
import type { CompiledTiered } from './tiers.ts'
import { compileVolume, type VolumePrice } from './volume.ts'

/** A price model that makes an amount of usage by itself, without asking what kind of usage it is. */
export type PriceModel =
  | PerUnitPrice
  | GraduatedPrice
  | VolumePrice
  | PackagePrice
  | StairStepPrice
  | PercentagePrice
  | GraduatedPercentagePrice
  | SteppedPrice

/**
 * A price model in integers, ready for charging. Plain data: it can be handed to another thread. Models that are another
 * one in other words are compiled to that one: graduated percentages to `graduated`, stair steps to `volume`.
 */
export type CompiledModel = CompiledPerUnit | CompiledTiered | CompiledPackage | CompiledPercentage | CompiledStepped

/** Turns a price model into integers, once for all its charges. */
export function compileModel(price: PriceModel): CompiledModel {
  switch (price.model) {
    case 'per-unit':
      return compilePerUnit(price)
    case 'graduated':
      return compileGraduated(price)
    case 'volume':
      return compileVolume(price)
    case 'stair-step':
      return compileStairStep(price)
    case 'package':
      return compilePackage(price)
    case 'percentage':
      return compilePercentage(price)
    case 'graduated-percentage':
      return compileGraduatedPercentage(price)
    case 'stepped':
      return compileStepped(price)
    default:
      assertThat(false, `an unknown model: ${String(price satisfies never)}`)
  }
}

/**
 * Whether the amount follows from the quantity alone, however it is divided into records (`splittable`), or is the sum of
 * what whole records cost (`event-atomic`).
 */
export function kindOfModel(model: CompiledModel): 'splittable' | 'event-atomic' {
  switch (model.model) {
    case 'per-unit':
    case 'graduated':
    case 'volume':
      return 'splittable'
    case 'package':
      return model.each === 'period' ? 'splittable' : 'event-atomic'
    case 'percentage':
    case 'stepped':
      return 'event-atomic'
    default:
      assertThat(false, `a compiled model that is unknown: ${String(model satisfies never)}`)
  }
}

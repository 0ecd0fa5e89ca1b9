import type { Party } from '../accounts/account-tree.ts'
import type { BillingProfile, TaxId } from '../contract/billing-profile.ts'

/** A party as documents name it: what its billing profile says when they are issued is frozen into them. */
export interface DocumentParty extends Party {
  /** Left out where it is the name; so are the others where there are none. */
  readonly legalName?: string
  /** Lines of a postal address. */
  readonly address?: readonly string[]
  readonly taxIds?: readonly TaxId[]
}

/** The billing profiles of a catalogue. */
export interface ProfileSource {
  readonly file: { readonly billingProfiles: readonly BillingProfile[] }
  /** As usual where the file says nothing. */
  profile(id: string): BillingProfile
}

/** A party with its legal name, address and tax ids. */
export function documentParty({ id, name }: Party, source: Pick<ProfileSource, 'profile'>): DocumentParty {
  const { legalName, address, taxIds } = source.profile(id)
  return {
    id,
    name,
    ...(legalName === null ? {} : { legalName }),
    ...(address.length === 0 ? {} : { address }),
    ...(taxIds.length === 0 ? {} : { taxIds }),
  }
}

/** Days after issue until a buyer's documents are due; null while a tenant declares no profiles, whose documents do not say. */
export function paymentDaysOf(buyer: string, source: ProfileSource): number | null {
  return source.file.billingProfiles.length === 0 ? null : source.profile(buyer).paymentDays
}

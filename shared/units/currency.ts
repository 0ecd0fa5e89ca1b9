/**
 * Digits after the point of the minor unit, for currencies in use, from the ISO 4217 list of current currency codes
 * (metals, testing codes and units of account without a minor unit are left out).
 */
const codesByMinorDigits: ReadonlyMap<number, string> = new Map([
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY ' +
      'COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ' +
      'ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN ' +
      'MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE ' +
      'SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ' +
      'ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
])

const minorDigitsByCode: ReadonlyMap<string, number> = new Map(
  [...codesByMinorDigits].flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, digits] as const)),
)

/** Digits after the point of a currency's minor unit (EUR 2, JPY 0, KWD 3); undefined for a code that is not listed. */
export function minorDigitsOf(currency: string): number | undefined {
  return minorDigitsByCode.get(currency)
}

/** Every currency code `minorDigitsOf` knows, for checking files and proposing corrections. */
export function knownCurrencies(): readonly string[] {
  return [...minorDigitsByCode.keys()]
}

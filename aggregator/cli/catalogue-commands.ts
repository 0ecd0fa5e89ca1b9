import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type {
  CatalogueAnswer,
  CatalogueDifference,
  CatalogueExport,
  CatalogueSide,
  CatalogueVersionItem,
} from '../flow/catalogue-answers.ts'
import { catalogueDiffText, catalogueHistoryText, catalogueText } from './catalogue-texts.ts'
import { askAggregator, instantMs, refuse, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { exitCodes } from './exit-codes.ts'

/** Adds the commands about what is sold at which prices. */
export function addCatalogue(program: Command, end: End): void {
  const catalogue = program.command('catalogue').description('What is sold at which prices, and its versions.')
  addShow(catalogue, end)
  addHistory(catalogue, end)
  addDiff(catalogue, end)
  addExport(catalogue, end)
}

function addShow(catalogue: Command, end: End): void {
  withTenant(withJson(withConfig(catalogue.command('show'))))
    .description('Show offerings with their versions, prices with the terms in force, matrices and tax codes.')
    .option('--at <date>', 'the terms in force then instead of now, such as 2026-12-01', instantMs)
    .option('--version <number>', 'as this version of the catalogue says instead of the one in force', wholeNumber)
    .action(async (options: CommonOptions & { at?: number; version?: number }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), version: options.version ?? null, atMs: options.at }
      const answer = await askAggregator(command, 'catalogue-show', input, json, end)
      if (answer !== null) printResult(json, answer, catalogueText(answer as CatalogueAnswer))
    })
}

function addHistory(catalogue: Command, end: End): void {
  withTenant(withJson(withConfig(catalogue.command('history'))))
    .description('List the versions of the catalogue, newest first, with the file each came from.')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .action(async (options: CommonOptions & { limit: number }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), limit: options.limit }
      const answer = await askAggregator(command, 'catalogue-history', input, json, end)
      if (answer !== null) printResult(json, answer, catalogueHistoryText(answer as readonly CatalogueVersionItem[]))
    })
}

function addDiff(catalogue: Command, end: End): void {
  withTenant(withJson(withConfig(catalogue.command('diff'))))
    .description('Show what is different between two versions, or a version and a tenant file.')
    .argument('<before>', 'the number of a version, or a tenant file')
    .argument('[after]', 'the same; the version in force when left out')
    .action(async (before: string, after: string | undefined, options: CommonOptions, command: Command) => {
      const json = options.json === true
      const sides = { before: sideOf(before), after: after === undefined ? inForce : sideOf(after) }
      const unread = [sides.before, sides.after].find((side) => 'unreadable' in side)
      if (unread !== undefined && 'unreadable' in unread) {
        const text = `${unread.unreadable} is neither the number of a version nor a file that can be read.`
        return refuse(json, fault('file_unreadable', text), exitCodes.usage, end)
      }
      const answer = await askAggregator(command, 'catalogue-diff', { ...tenantOf(options), ...sides }, json, end)
      if (answer !== null) printResult(json, answer, catalogueDiffText(answer as CatalogueDifference))
    })
}

function addExport(catalogue: Command, end: End): void {
  withTenant(withJson(withConfig(catalogue.command('export'))))
    .description('Write a version of the catalogue as a tenant file (YAML) that applies to the same content.')
    .option('--version <number>', 'this version instead of the one in force', wholeNumber)
    .option('--out <file>', 'write it to a new file instead of standard output')
    .action(async (options: CommonOptions & { version?: number; out?: string }, command: Command) => {
      const json = options.json === true
      const { out } = options
      const input = { ...tenantOf(options), version: options.version ?? null }
      const answer = await askAggregator(command, 'catalogue-export', input, json, end)
      if (answer === null) return
      const exported = answer as CatalogueExport
      if (out === undefined) return printResult(json, exported, exported.yaml.trimEnd())
      if (!writeNewFile(out, exported.yaml)) {
        const text = `${out} cannot be written; it must be a new file in a folder that exists.`
        return refuse(json, fault('file_unwritable', text), exitCodes.usage, end)
      }
      const { version, hash } = exported
      printResult(json, { version, hash, file: out }, `Version ${version} is in ${out} (content ${hash}).`)
    })
}

type Side = CatalogueSide | { readonly unreadable: string }
const inForce: Side = { version: null }

function sideOf(text: string): Side {
  if (/^[0-9]{1,15}$/.test(text)) return { version: Number(text) }
  try {
    return { fileName: text, text: readFileSync(text, 'utf8') }
  } catch {
    return { unreadable: text }
  }
}

/** An existing file is never overwritten: it may be the only copy of somebody's work. */
function writeNewFile(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx' })
    return true
  } catch {
    return false
  }
}

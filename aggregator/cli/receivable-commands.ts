import type { Command } from 'commander'
import { fault } from '@meterline/shared/base/errors.ts'
import { printResult } from '@meterline/shared/command-line/output.ts'
import type { MoneyDecision } from '../flow/money-decisions.ts'
import type {
  AgingAnswer,
  DecisionItem,
  ReceivableItem,
  ReceivableLine,
  StatementAnswer,
} from '../flow/receivable-reports.ts'
import { askAggregator, instantMs, refuse, tenantOf, wholeNumber, withConfig, withJson, withTenant } from './context.ts'
import type { CommonOptions, End } from './context.ts'
import { addDispute } from './dispute-commands.ts'
import { exitCodes } from './exit-codes.ts'
import { decideMoney, withDecider, type DeciderOptions } from './decide-money.ts'
import {
  agingText,
  decisionsText,
  moneyDecisionText,
  receivableLinesText,
  receivablesText,
  statementText,
} from './receivable-texts.ts'

/** Adds the commands about what buyers owe and pay. */
export function addReceivables(program: Command, end: End): void {
  const receivable = program
    .command('receivable')
    .description('What buyers owe and pay: open documents, payments, credit, notes, aging.')
  addPayment(receivable, end)
  addReverse(receivable, end)
  addAllocate(receivable, end)
  addRefund(receivable, end)
  addNote(receivable, end, 'credit-note', 'Give back a document, some of its lines or an amount, with its tax.')
  addNote(receivable, end, 'debit-note', 'Ask for more on a line of a document, or on all of them, with its tax.')
  addVoid(receivable, end)
  addList(receivable, end)
  addLines(receivable, end)
  addAging(receivable, end)
  addStatement(receivable, end)
  addDecisions(receivable, end)
  addDispute(program, end)
}

interface PartyOptions {
  readonly buyer: string
  readonly seller?: string
  readonly currency?: string
}

type DocumentOptions = { readonly document?: readonly string[] }

function withParties(command: Command): Command {
  return command
    .requiredOption('--buyer <account>', 'who owes')
    .option('--seller <account>', 'whom; left out: who sells to him now')
    .option('--currency <code>', "in which currency; left out: the tenant's")
}

function partiesOf({ buyer, seller, currency }: PartyOptions): object {
  return { buyer, seller: seller ?? null, currency: currency ?? null }
}

function gathered(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}

/** `number` or `number=amount`; the key of a line may hold no equals sign. */
function namedAmounts(texts: readonly string[] | undefined, name: 'document' | 'key'): readonly object[] | null {
  if (texts === undefined) return null
  return texts.map((text) => {
    const at = text.lastIndexOf('=')
    return at === -1 ? { [name]: text, amount: null } : { [name]: text.slice(0, at), amount: text.slice(at + 1) }
  })
}

function addPayment(receivable: Command, end: End): void {
  withDecider(withParties(withTenant(withJson(withConfig(receivable.command('payment'))))))
    .description('Record that a buyer paid: it settles the oldest documents first, or those that are named.')
    .requiredOption('--amount <amount>', 'in units of the currency, such as 12.50')
    .requiredOption('--reference <text>', 'how the bank calls it; the same reference again records nothing')
    .option('--received <day>', 'when it came, a day or instant in UTC; left out: now', instantMs)
    .option('--document <number[=amount]>', 'a document it is for; may be repeated; the rest is credit', gathered)
    .action(
      async (
        options: CommonOptions &
          PartyOptions &
          DeciderOptions &
          DocumentOptions & { amount: string; reference: string; received?: number },
        command: Command,
      ) => {
        const { amount, reference, received: receivedMs = null } = options
        const documents = namedAmounts(options.document, 'document')
        const input = { ...partiesOf(options), amount, reference, receivedMs, documents }
        await decideMoney(command, 'payment-record', input, options, end)
      },
    )
}

function addReverse(receivable: Command, end: End): void {
  withTenant(withJson(withConfig(receivable.command('reverse'))))
    .description('Take a payment back that the bank returned or that was a mistake: what it settled is open again.')
    .argument('<decision>', 'the payment, as "receivable decisions" shows it', wholeNumber)
    .requiredOption('--reason <text>', 'why, in at most 200 bytes')
    .requiredOption('--by <name>', 'who decides it, in at most 200 bytes')
    .action(async (payment: number, options: CommonOptions & { reason: string; by: string }, command: Command) => {
      const json = options.json === true
      const { reason, by } = options
      const answer = await askAggregator(
        command,
        'payment-reverse',
        { ...tenantOf(options), payment, reason, by },
        json,
        end,
      )
      if (answer !== null) printResult(json, answer, moneyDecisionText(answer as MoneyDecision))
    })
}

function addAllocate(receivable: Command, end: End): void {
  withDecider(withParties(withTenant(withJson(withConfig(receivable.command('allocate'))))))
    .description('Use the credit of a buyer for open documents, the oldest first or those that are named.')
    .option('--document <number[=amount]>', 'a document it is for; may be repeated', gathered)
    .action(async (options: CommonOptions & PartyOptions & DeciderOptions & DocumentOptions, command: Command) => {
      const input = { ...partiesOf(options), documents: namedAmounts(options.document, 'document') }
      await decideMoney(command, 'credit-allocate', input, options, end)
    })
}

function addRefund(receivable: Command, end: End): void {
  withDecider(withParties(withTenant(withJson(withConfig(receivable.command('refund'))))))
    .description('Record that credit was paid back to a buyer.')
    .requiredOption('--reference <text>', 'how the bank calls it; the same reference again records nothing')
    .option('--amount <amount>', 'left out: all of his credit')
    .action(
      async (
        options: CommonOptions & PartyOptions & DeciderOptions & { amount?: string; reference: string },
        command: Command,
      ) => {
        const { amount = null, reference } = options
        await decideMoney(command, 'credit-refund', { ...partiesOf(options), amount, reference }, options, end)
      },
    )
}

interface NoteOptions {
  readonly line?: readonly string[]
  readonly amount?: string
  readonly reason: string
}

function addNote(receivable: Command, end: End, kind: 'credit-note' | 'debit-note', description: string): void {
  const left = kind === 'credit-note' ? '; left out: all that is left' : ''
  withDecider(withTenant(withJson(withConfig(receivable.command(kind)))))
    .description(`${description} Amounts are as the lines of the document count.`)
    .argument('<number>', 'the document it is about')
    .option('--line <key[=amount]>', 'a line, as "receivable lines" shows it; may be repeated', gathered)
    .option('--amount <amount>', `for the whole document, shared by its lines${left}`)
    .requiredOption('--reason <text>', 'why, in at most 200 bytes; stands on the note')
    .action(async (document: string, options: CommonOptions & DeciderOptions & NoteOptions, command: Command) => {
      const { line, amount = null, reason } = options
      if (line !== undefined && amount !== null) {
        const text = 'Say either --line with an amount each, or one --amount for the whole document.'
        return refuse(options.json === true, fault('arguments_invalid', text), exitCodes.usage, end)
      }
      const input = { kind, document, lines: namedAmounts(line, 'key'), amount, reason }
      await decideMoney(command, 'note-issue', input, options, end)
    })
}

function addVoid(receivable: Command, end: End): void {
  withDecider(withTenant(withJson(withConfig(receivable.command('void')))))
    .description(
      'Take a document back whole; what is due of its lines is billed anew, at once with "bill corrections".',
    )
    .argument('<number>', 'the document')
    .requiredOption('--reason <text>', 'why, in at most 200 bytes; stands on the note that takes it back')
    .option('--to-credit', 'what was paid of it becomes credit of the buyer')
    .action(
      async (
        document: string,
        options: CommonOptions & DeciderOptions & { reason: string; toCredit?: boolean },
        command: Command,
      ) => {
        const { reason, toCredit = false } = options
        await decideMoney(command, 'document-void', { document, reason, toCredit }, options, end)
      },
    )
}

function addList(receivable: Command, end: End): void {
  withTenant(withJson(withConfig(receivable.command('list'))))
    .description('List documents that are not settled, in the order of issue.')
    .option('--buyer <account>', 'only those of one buyer')
    .option('--seller <account>', 'only those of this seller to him')
    .option('--currency <code>', 'only those in this currency')
    .option('--all', 'settled ones too')
    .option('--limit <count>', 'at most this many', wholeNumber, 100)
    .action(
      async (options: CommonOptions & Partial<PartyOptions> & { all?: boolean; limit: number }, command: Command) => {
        const json = options.json === true
        const { buyer = null, seller = null, currency = null, all = false, limit } = options
        const input = { ...tenantOf(options), buyer, seller, currency, all, limit }
        const answer = await askAggregator(command, 'receivable-list', input, json, end)
        if (answer !== null) printResult(json, answer, receivablesText(answer as readonly ReceivableItem[]))
      },
    )
}

function addLines(receivable: Command, end: End): void {
  withTenant(withJson(withConfig(receivable.command('lines'))))
    .description('Show the lines of a document with their keys, what can be given back of them and what is disputed.')
    .argument('<number>', 'the document')
    .action(async (document: string, options: CommonOptions, command: Command) => {
      const json = options.json === true
      const answer = await askAggregator(command, 'receivable-lines', { ...tenantOf(options), document }, json, end)
      if (answer !== null) printResult(json, answer, receivableLinesText(answer as readonly ReceivableLine[]))
    })
}

function addAging(receivable: Command, end: End): void {
  withTenant(withJson(withConfig(receivable.command('aging'))))
    .description('Who owes what for how long: not due, 1 to 30, 31 to 60, 61 to 90 and over 90 days; disputes apart.')
    .option('--at <day>', 'as it stood then, a day or instant in UTC; left out: now', instantMs)
    .option('--buyer <account>', 'only one buyer')
    .action(async (options: CommonOptions & { at?: number; buyer?: string }, command: Command) => {
      const json = options.json === true
      const { at: asOfMs = null, buyer = null } = options
      const answer = await askAggregator(
        command,
        'receivable-aging',
        { ...tenantOf(options), asOfMs, buyer },
        json,
        end,
      )
      if (answer !== null) printResult(json, answer, agingText(answer as AgingAnswer))
    })
}

function addStatement(receivable: Command, end: End): void {
  withParties(withTenant(withJson(withConfig(receivable.command('statement')))))
    .description('The account of a buyer: documents and money in the order they came, with the balance after each.')
    .option('--from <day>', 'from then on, a day or instant in UTC; left out: from the beginning', instantMs)
    .option('--to <day>', 'until before then; left out: until now', instantMs)
    .action(async (options: CommonOptions & PartyOptions & { from?: number; to?: number }, command: Command) => {
      const json = options.json === true
      const { from: fromMs = null, to: toMs = null } = options
      const input = { ...tenantOf(options), ...partiesOf(options), fromMs, toMs }
      const answer = await askAggregator(command, 'account-statement', input, json, end)
      if (answer !== null) printResult(json, answer, statementText(answer as StatementAnswer))
    })
}

function addDecisions(receivable: Command, end: End): void {
  withParties(withTenant(withJson(withConfig(receivable.command('decisions')))))
    .description('What was decided about the money of a buyer, by whom and why, the newest first.')
    .option('--limit <count>', 'at most this many', wholeNumber, 50)
    .action(async (options: CommonOptions & PartyOptions & { limit: number }, command: Command) => {
      const json = options.json === true
      const input = { ...tenantOf(options), ...partiesOf(options), limit: options.limit }
      const answer = await askAggregator(command, 'receivable-decisions', input, json, end)
      if (answer !== null) printResult(json, answer, decisionsText(answer as readonly DecisionItem[]))
    })
}

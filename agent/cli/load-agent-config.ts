import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { configFlagValues } from '@meterline/shared/config/flags.ts'
import { loadConfig } from '@meterline/shared/config/load-config.ts'
import { formatMistakes, type Mistake } from '@meterline/shared/config/mistakes.ts'
import { checkAgainstSchema } from '@meterline/shared/config/schema-mistakes.ts'
import { parseYamlWithPositions } from '@meterline/shared/config/yaml-positions.ts'
import { agentConfigSchema, devicesFileSchema, type AgentConfig } from '../config.ts'

/** Configurations are looked up by this name: METERLINE_AGENT__…, --… */
export const configArea = 'agent'

/** Reads the configuration a command was given: file, environment and flags. All mistakes come back at once. */
export function loadAgentConfig(command: Command): Result<AgentConfig, Fault<'config_invalid'>> {
  const options = command.optsWithGlobals<{ config?: string }>()
  const loaded = loadConfig({
    schema: agentConfigSchema,
    area: configArea,
    fileName: options.config,
    environment: process.env,
    flags: configFlagValues(options, agentConfigSchema, configArea),
  })
  if (!loaded.ok) return failed(invalid(loaded.mistakes))
  const config = loaded.value
  if (config.mqtt.devicesFile === undefined) return ok(config)
  const devices = loadDevices(config.mqtt.devicesFile)
  if (!devices.ok) return failed(invalid(devices.mistakes))
  const ids = new Set(devices.value.map(({ id }) => id))
  const clash = config.bridges.find(({ name }) => ids.has(name))
  if (clash !== undefined) {
    const message = `has the device ${clash.name}, which is the name of a bridge too: their events could not be told apart`
    return failed(invalid([{ file: config.mqtt.devicesFile, line: 0, column: 0, path: '', message }]))
  }
  return ok({ ...config, mqtt: { ...config.mqtt, devices: [...config.mqtt.devices, ...devices.value] } })
}

function loadDevices(
  file: string,
):
  | { readonly ok: true; readonly value: AgentConfig['mqtt']['devices'] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] } {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const mistake = { file, line: 0, column: 0, path: '', message: `mqtt.devicesFile cannot be read: ${reason}` }
    return { ok: false, mistakes: [mistake] }
  }
  const parsed = parseYamlWithPositions(file, text)
  if (!parsed.ok) return parsed
  return checkAgainstSchema(devicesFileSchema, parsed.value ?? [], (path, part) => ({
    file,
    ...parsed.positionOf(path, part),
  }))
}

function invalid(mistakes: readonly Mistake[]): Fault<'config_invalid'> {
  const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
  return fault('config_invalid', `The configuration has ${count}:\n${formatMistakes(mistakes)}`, {
    mistakes: JSON.stringify(mistakes),
  })
}

#!/usr/bin/env node
import { requireNode } from '../../shared/base/node-guard.mjs'

requireNode('meterline-sim', 'sim')
await import('../main.ts')

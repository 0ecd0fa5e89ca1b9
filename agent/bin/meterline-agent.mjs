#!/usr/bin/env node
import { requireNode } from '../../shared/base/node-guard.mjs'

requireNode('meterline-agent', 'agent')
await import('../main.ts')

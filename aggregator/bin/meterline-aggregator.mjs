#!/usr/bin/env node
import { requireNode } from '../../shared/base/node-guard.mjs'

requireNode('meterline-aggregator', 'aggregator')
await import('../main.ts')

#!/usr/bin/env node
import { main } from './main.ts'
import { processSurroundings } from './process-surroundings.ts'

process.exitCode = await main(process.argv.slice(2), processSurroundings())

import type { Phase } from '../../src/phases.ts'

/** The phases of a run, in their order. */
export const PHASE_NAMES: readonly Phase[] = ['plan', 'replay', 'analyse', 'seal', 'publish']

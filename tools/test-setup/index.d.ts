import type { ViteUserConfig } from 'vitest/config'

/** One vitest configuration for every package: sources of siblings are used without a build. */
export declare function packageTests(options?: {
  readonly testTimeoutMs?: number
  readonly hookTimeoutMs?: number
  readonly globalSetup?: string
}): ViteUserConfig

import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** One vitest configuration for every package: sources of siblings are used without a build. */
export function packageTests(options: { testTimeoutMs?: number } = {}): ViteUserConfig {
  const conditions = ['@tidemark/source']
  return defineConfig({
    resolve: { conditions: [...conditions, 'node', 'import', 'default'] },
    ssr: { resolve: { conditions: [...conditions, 'node', 'import', 'default'] } },
    test: {
      include: ['test/**/*.test.ts'],
      testTimeout: options.testTimeoutMs ?? 30_000,
      reporters: ['default', ['json', { outputFile: 'dist/test-report.json' }]],
    },
  })
}

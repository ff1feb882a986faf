import { defineConfig } from 'vite'

/** The page is a few files beside the command that serves them; it asks nobody else for anything. */
export default defineConfig({
  base: './',
  logLevel: 'warn',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // A policy that allows no inline script and no data but pictures.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})

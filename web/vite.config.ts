// How the page is built: one classic script and one style sheet with relative addresses, so that the folder works
// from any sub-path and from disk (browsers do not load modules from file:).
import { defineConfig, type Plugin } from "vite";

/** Turns Vite's module script into a deferred classic one. */
function classicScript(): Plugin {
  return {
    name: "classic-script",
    enforce: "post",
    transformIndexHtml: {
      order: "post",
      handler: (html) => html.replace(/<script type="module" crossorigin/g, "<script defer")
        .replace(/<link rel="stylesheet" crossorigin/g, '<link rel="stylesheet"'),
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [classicScript()],
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rollupOptions: { output: { format: "iife", entryFileNames: "page.js", assetFileNames: "[name][extname]" } },
  },
  worker: { format: "iife" },
});

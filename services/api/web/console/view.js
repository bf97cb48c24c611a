// Preact, its hooks and its templates, from one place.

export * from "../vendor/preact-htm.js";

import base from './.dependency-cruiser.cjs';

/** Folders that need each other are one folder. Specs may look anywhere, so they are left out here. */
export default {
  forbidden: [
    {
      name: 'no-folder-cycles',
      severity: 'error',
      scope: 'folder',
      from: { path: '^(apps|libs)/' },
      to: { circular: true },
    },
  ],
  options: {
    ...base.options,
    exclude: { path: '(^|/)dist/|\\.(spec|system-spec|e2e-spec|conformance)\\.ts$|^apps/[^/]+/test/' },
  },
};

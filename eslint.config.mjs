import tseslint from 'typescript-eslint';

const why = {
  env: 'Settings are parsed once, in libs/config: declare the setting there or in <app>.settings.ts.',
  parameters:
    'At most 4 parameters: pass an object. Constructors take providers from Nest, callbacks what their caller passes: exempt.',
  sql: 'SQL text is constant; values are bound parameters. Names come from a fixed map.',
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.stack/**', 'coverage/**'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylistic,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // Nest modules are classes without members.
      '@typescript-eslint/no-extraneous-class': 'off',
      // The classes of the contracts describe shapes; their values are literals by intent.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Those shapes are spread, and strings are spread into code points.
      '@typescript-eslint/no-misused-spread': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      // Fields that change during an await look constant to this rule.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Objects of functions (`literal`, load scenarios) use no `this`; their functions are passed on.
      '@typescript-eslint/unbound-method': 'off',
      // `void (await work)` drops a result.
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // Input of clients may be of any type when it is made text to be judged.
      '@typescript-eslint/no-base-to-string': 'off',
      // Handlers end with `return reply(…)`, and the step of a loop may be an await.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      complexity: ['error', 20],
      'max-lines': ['error', { max: 250 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: why.env }],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='query'] > TemplateLiteral[expressions.length>0]",
          message: why.sql,
        },
        {
          selector:
            ':matches(FunctionDeclaration, MethodDefinition[kind="method"] > FunctionExpression, VariableDeclarator > ArrowFunctionExpression)[params.length>4]',
          message: why.parameters,
        },
      ],
    },
  },
  // Scripts in plain JavaScript are in no TypeScript project.
  { files: ['**/*.{js,mjs,cjs}'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.spec.ts', '**/*-spec.ts', '**/*.conformance.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: [
      '**/*.spec.ts',
      '**/*-spec.ts',
      '**/*.conformance.ts',
      'apps/*/test/**/*.ts',
      'test/**/*.ts',
      'bench/**/*.ts',
    ],
    rules: {
      // Tests and benches read documents of any shape, and fail by themselves when one is not as expected.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      // Fakes are asynchronous because what they stand for is, and take defaults that no test leaves out.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-useless-default-assignment': 'off',
    },
  },
  {
    files: ['libs/config/src/**', 'tools/**', 'bench/**', 'test/**', 'libs/testing/**'],
    rules: { 'no-restricted-properties': 'off', 'no-console': 'off' },
  },
);

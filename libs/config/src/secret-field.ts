import { field, type FieldOptions } from '@mystocks/validation';
import { Secret } from '@mystocks/secrets';

const LENGTH_MAX = 16_384;

/** A setting that must never be shown: parsed into a `Secret`. Sealed values (`enc:fernet:…`) are opened first. */
export const IsSecret = (options?: FieldOptions & { readonly minLength?: number }): PropertyDecorator => {
  const least = options?.minLength ?? 1;
  return field(
    {
      name: 'isSecret',
      message: `a secret of at least ${least} characters`,
      test: (value) => value instanceof Secret && value.reveal().length >= least && value.reveal().length <= LENGTH_MAX,
      fromText: (text) => new Secret(text),
      api: { type: 'string', writeOnly: true },
    },
    options,
  );
};

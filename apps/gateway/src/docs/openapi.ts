import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** The documents of a version: its routes and no others. */
export class OpenApiDocuments {
  #documents: Readonly<Record<string, OpenAPIObject>> = {};

  /** Made once, when all routes are known. */
  build(app: INestApplication): void {
    const about = new DocumentBuilder()
      .setTitle('MyStocks')
      .setDescription('Market data of the Chinese A-share market')
      .addBearerAuth();
    const whole = SwaggerModule.createDocument(app, about.build());
    this.#documents = { v1: only(whole, 'v1', '1'), v2: only(whole, 'v2', '2') };
  }

  of(version: 'v1' | 'v2'): OpenAPIObject | undefined {
    return this.#documents[version];
  }
}

/** Routes without a version (keys, documents) are described with the current one. */
function only(whole: OpenAPIObject, name: 'v1' | 'v2', version: string): OpenAPIObject {
  const belongs = (path: string): boolean =>
    path.startsWith(`/api/${name}/`) || (name === 'v2' && !path.startsWith('/api/v1/'));
  const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => belongs(path)));
  const text = JSON.stringify(paths);
  const schemas = Object.fromEntries(
    Object.entries(whole.components?.schemas ?? {}).filter(([schema]) => isUsed(schema, text, whole)),
  );
  return { ...whole, info: { ...whole.info, version }, paths, components: { ...whole.components, schemas } };
}

function isUsed(schema: string, paths: string, whole: OpenAPIObject): boolean {
  const reference = `"#/components/schemas/${schema}"`;
  if (paths.includes(reference)) return true;
  // One level of nesting is what request bodies have: a list of quotes holds quotes, which hold levels.
  return Object.entries(whole.components?.schemas ?? {}).some(
    ([other, body]) => other !== schema && JSON.stringify(body).includes(reference) && isUsed(other, paths, whole),
  );
}

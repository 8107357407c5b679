import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { metrics } from '@mystocks/telemetry';
import { register } from 'prom-client';
import { root } from './declared-settings.js';

/** docs/metrics.md */
export async function metricsPage(): Promise<string> {
  const measuredBy = readMeasuredBy();
  // The registry lists the metrics in the order in which the catalogue makes them.
  const described = await register.getMetricsAsJSON();
  if (described.length !== Object.keys(metrics).length) throw new Error('a metric is registered outside the catalogue');
  const rows = Object.keys(metrics).map((key, index) => {
    const { name = '', help = '', type = '' } = described[index] ?? {};
    const { labelNames } = register.getSingleMetric(name) as unknown as { readonly labelNames: readonly string[] };
    const labels = labelNames.map((label) => `\`${label}\``);
    const places = [...(measuredBy.get(key) ?? [])].sort().map((place) => `\`${place}\``);
    return `| \`${name}\` | ${String(type)} | ${labels.join(' ') || '–'} | ${help} | ${places.join(' ')} |`;
  });
  return `# Metrics

Written by \`npm run docs\` from the catalogue (\`libs/telemetry/src/metrics.ts\`); a test keeps it equal.

Every service serves \`GET /metrics\` on its management port in the Prometheus text format (gateway 9100, market-data 9101, cache 9102, auth 9103, realtime 9104). Every service names every metric; one that it does not measure has no samples or stays 0. The last column says which packages measure it.

Label values are bounded: routes are templates (\`/api/v2/stocks/:symbol/bars\`), never paths, and symbols are never labels. A metric has at most 2,000 label sets; further ones are counted under the label values \`other\`. Histograms count in seconds.

| metric | type | labels | what it says | measured by |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

/** Packages whose code names a metric of the catalogue, by its key there. */
function readMeasuredBy(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const packages = ['apps', 'libs'].flatMap((layer) =>
    readdirSync(join(root, layer)).map((name) => `${layer}/${name}`),
  );
  for (const place of packages) {
    const files = readdirSync(join(root, place, 'src'), { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((one) => one.endsWith('.ts') && !/spec\.ts$|conformance\.ts$/.test(one))) {
      for (const [, key = ''] of readFileSync(join(root, place, 'src', file), 'utf8').matchAll(/\bmetrics\.(\w+)/g)) {
        if (Object.hasOwn(metrics, key)) found.set(key, (found.get(key) ?? new Set()).add(place));
      }
    }
  }
  return found;
}

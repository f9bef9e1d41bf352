import { createHash } from 'node:crypto';
import { ALL_ROUTES, type AnyRoute, KNOWN_ERRORS, type OpenApiDocument } from '@hexclave/contract';
import { html, raw } from 'hono/html';

/** A page and the policy under which browsers may show it. */
export type Page = { body: string; contentSecurityPolicy: string };

type Markup = ReturnType<typeof html>;
type SchemaNode = {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  description?: string;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  items?: SchemaNode;
  schema?: SchemaNode;
};

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#ddd, #333); --quiet: light-dark(#666, #999); --accent: light-dark(#2743c5, #8fa5ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; display: grid; grid-template-columns: 15rem minmax(0, 1fr); }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem; border-right: 1px solid var(--line); font-size: .875rem; }
nav ul { list-style: none; margin: .25rem 0 1rem; padding: 0; }
main { padding: 1.5rem 2.5rem 6rem; max-width: 60rem; }
a { color: var(--accent); text-decoration: none; } a:hover, a:focus-visible { text-decoration: underline; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); } h3 { margin: 2.25rem 0 .25rem; font-size: 1.05rem; }
code { font: .875em ui-monospace, monospace; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 3.75rem; font: 700 .8rem ui-monospace, monospace; color: var(--accent); }
.quiet { color: var(--quiet); font-size: .9rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--quiet); }
pre { padding: 1rem; border: 1px solid var(--line); border-radius: .4rem; overflow: auto; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`;

/** The API for people: one page without scripts or anything from elsewhere, made of the OpenAPI document. */
export function renderDocsPage(document: OpenApiDocument): Page {
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  const tags = (document.tags ?? []).map((tag) => tag.name);
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<nav aria-label="Endpoints">${tags.map((tag) => renderNavigation(tag))}<a href="#errors">Errors</a></nav>
<main>
<h1>${document.info.title} API</h1>
<p>${renderText(document.info.description ?? '')}</p>
<p>All paths are below <code>/api/v1</code>. The same as data: <a href="openapi.json">openapi.json</a> (OpenAPI ${document.openapi}).</p>
${renderAuthentication()}
${tags.map((tag) => renderTag(document, tag))}
${renderErrors()}
</main>
</body>
</html>`;
  const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { body: String(body), contentSecurityPolicy };
}

function routesOf(tag: string): AnyRoute[] {
  return ALL_ROUTES.filter((route) => route.tag === tag);
}

function anchorOf(route: AnyRoute): string {
  return `${route.method}${route.path}`.replace(/[^a-z_]+/g, '-');
}

function renderNavigation(tag: string): Markup {
  const links = routesOf(tag).map((route) => html`<li><a href="#${anchorOf(route)}">${route.summary}</a></li>`);
  return html`<strong>${tag}</strong><ul>${links}</ul>`;
}

function renderAuthentication(): Markup {
  const example = `curl https://your-server/api/v1/users \\
  -H 'x-hexclave-access-type: server' \\
  -H 'x-hexclave-project-id: …' \\
  -H 'x-hexclave-secret-server-key: ssk_…' \\
  -H 'content-type: application/json' \\
  -d '{"primary_email": "ada@example.com"}'`;
  return html`<h2>Authentication</h2>
<p>A request says what access it wants, to which project, and proves it with a key:
<code>x-hexclave-publishable-client-key</code> for client access, <code>x-hexclave-secret-server-key</code> for server
access, <code>x-hexclave-super-secret-admin-key</code> for admin access. A stronger key also opens what a weaker one
does. Each header may be sent as <code>x-stack-…</code> instead.</p>
<pre><code>${example}</code></pre>`;
}

function renderTag(document: OpenApiDocument, tag: string): Markup {
  return html`<h2>${tag}</h2>${routesOf(tag).map((route) => renderRoute(document, route))}`;
}

function renderRoute(document: OpenApiDocument, route: AnyRoute): Markup {
  const operation = document.paths?.[route.path]?.[route.method];
  const parameters = (operation?.parameters ?? []) as {
    name: string;
    required?: boolean;
    in: string;
    schema: SchemaNode;
  }[];
  const requestBody = operation?.requestBody as { content: Record<string, { schema: SchemaNode }> } | undefined;
  const reply = operation?.responses?.[route.status] as { content: Record<string, { schema: SchemaNode }> };
  return html`<section id="${anchorOf(route)}">
<h3>${route.summary}</h3>
<p><span class="method">${route.method.toUpperCase()}</span><code>${route.path}</code>
<span class="quiet"> ${describeAccess(route)}</span></p>
${route.description ? html`<p>${renderText(route.description)}</p>` : ''}
${renderFields(
  'Parameter',
  parameters.map((p) => ({ name: p.name, required: p.required === true, node: p.schema })),
)}
${renderFields('Body', fieldsOf(document, requestBody?.content['application/json']?.schema))}
${renderFields(`Answer (${route.status})`, fieldsOf(document, reply.content['application/json']?.schema))}
<p class="quiet">Errors: ${route.errors.map((code) => html`<a href="#${code}"><code>${code}</code></a>, `)}
and <a href="#errors">the common ones</a></p>
</section>`;
}

function describeAccess(route: AnyRoute): string {
  if (route.access === 'public') return 'no key needed';
  return `${route.access} access${route.internalOnly ? ' to the project “internal”' : ''}`;
}

type Field = { name: string; required: boolean; node: SchemaNode };

function fieldsOf(document: OpenApiDocument, schema: SchemaNode | undefined): Field[] {
  const node = resolve(document, schema);
  return Object.entries(node?.properties ?? {}).map(([name, child]) => ({
    name,
    required: node?.required?.includes(name) === true,
    node: child,
  }));
}

function resolve(document: OpenApiDocument, node: SchemaNode | undefined): SchemaNode | undefined {
  if (node?.$ref === undefined) return node;
  return document.components?.schemas?.[node.$ref.split('/').at(-1) ?? ''] as SchemaNode | undefined;
}

function renderFields(title: string, fields: Field[]): Markup | '' {
  if (fields.length === 0) return '';
  const rows = fields.map(
    ({
      name,
      required,
      node,
    }) => html`<tr><td><code>${name}</code>${required ? '' : html` <span class="quiet">optional</span>`}</td>
<td><code>${typeOf(node)}</code></td><td>${renderText(node.description ?? '')}</td></tr>`,
  );
  return html`<table><thead><tr><th scope="col">${title}</th><th scope="col">Type</th><th scope="col"></th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

function typeOf(node: SchemaNode): string {
  if (node.$ref !== undefined) return node.$ref.split('/').at(-1) ?? '';
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (node.items !== undefined) return `${typeOf(node.items)}[]`;
  const types = [node.type ?? 'any'].flat().join(' | ');
  return node.format === undefined ? types : `${types} (${node.format})`;
}

/** Text with code in backticks, as in the OpenAPI document. */
function renderText(text: string): Markup[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function renderErrors(): Markup {
  const rows = Object.entries(KNOWN_ERRORS).map(
    ([code, { status, summary }]) =>
      html`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${renderText(summary)}</td></tr>`,
  );
  return html`<h2 id="errors">Errors</h2>
<p>An error is answered as <code>{"code", "error", "details"}</code>, with the code also in the header
<code>x-hexclave-known-error</code>. Every endpoint can answer with those about the request itself: keys and headers,
a body or field that is not as it should be, too many requests.</p>
<table><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">What happened</th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

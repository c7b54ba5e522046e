// SPDX-License-Identifier: Apache-2.0
// The OpenAPI description as a page.

const description = await (await fetch("openapi.json")).json();

function follow(schema) {
  while (schema?.$ref) schema = schema.$ref.split("/").slice(1).reduce((part, name) => part[name], description);
  return schema ?? {};
}

function kind(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.join(" | ");
  if (schema.type === "array") return `list of ${schema.items ? kind(schema.items) : (schema.prefixItems ?? []).map(kind).join(", ")}`;
  return schema.type ?? "anything";
}

function element(name, text, ...inside) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...inside);
  return made;
}

function fields(title, schema) {
  const found = follow(schema);
  const rows = Object.entries(found.properties ?? {}).map(([name, about]) => {
    const must = found.required?.includes(name) || about.default === undefined ? "" : `, default ${JSON.stringify(about.default)}`;
    return `${name}: ${kind(about)}${must}${about.description ? `   # ${about.description}` : ""}`;
  });
  const text = rows.length ? rows.join("\n") : kind(found);
  const box = element("pre", text);
  box.tabIndex = 0;
  box.setAttribute("aria-label", title);
  box.setAttribute("role", "region");
  return [element("h3", title), box];
}

for (const [path, operations] of Object.entries(description.paths)) {
  for (const [method, about] of Object.entries(operations)) {
    const card = element("section", "", element("h2", "", element("code", `${method.toUpperCase()} ${path}`)), element("p", about.summary));
    card.className = "card operation";
    const query = (about.parameters ?? []).map((one) => `${one.name}: ${kind(one.schema)}   # ${one.description ?? one.schema.description ?? ""}`);
    const label = `of ${method.toUpperCase()} ${path}`;
    if (query.length) {
      const box = element("pre", query.join("\n"));
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `Query ${label}`);
      card.append(element("h3", "Query"), box);
    }
    for (const [type, body] of Object.entries(about.requestBody?.content ?? {})) card.append(...fields(`Request ${label}, ${type}`, body.schema));
    for (const [type, body] of Object.entries(about.responses["200"]?.content ?? {})) card.append(...fields(`Answer ${label}, ${type}`, body.schema ?? {}));
    document.getElementById("operations").append(card);
  }
}

// The sandbox over our own document: requests go to this house, with the token of whoever signed in to the console.

const token = sessionStorage.getItem("paceline.token") ?? "";
const content = await (await fetch("/openapi.json")).json();

// The sandbox would send the example of a key with every write: the second one would be answered as the first.
for (const operations of Object.values(content.paths))
  for (const { parameters = [] } of Object.values(operations))
    for (const each of parameters) if (each.name === "Idempotency-Key") delete each.example;

globalThis.Scalar.createApiReference("#reference", {
  content,
  // Nothing leaves this origin, and no token is kept beyond the tab.
  proxyUrl: "",
  telemetry: false,
  withDefaultFonts: false,
  persistAuth: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  theme: "default",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  authentication: { preferredSecurityScheme: "token", securitySchemes: { token: { token } } },
});

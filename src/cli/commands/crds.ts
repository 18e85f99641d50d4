import { mkdir, writeFile } from 'node:fs/promises';
import { crdFiles, generatedFiles } from '../../api/crd/files.ts';

/**
 * `tenantbot crds`: prints the CustomResourceDefinitions, fit for `kubectl apply -f -`. With
 * `write` it puts them, and the reference page, into the project's folder `root` instead.
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
  for (const file of generatedFiles()) {
    const url = new URL(file.path, root);
    await mkdir(new URL('.', url), { recursive: true });
    await writeFile(url, file.text);
    print(`wrote ${file.path}`);
  }
}

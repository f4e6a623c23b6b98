// The address of the page as it is in this browser, with every choice in it.

export default function ({ parentElement }) {
  const told = parentElement.querySelector(".told");
  parentElement.querySelector(".copy").onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      told.textContent = "Copied";
    } catch {
      told.textContent = link; // no clipboard on a page without https, or without leave: it can be copied by hand
    }
  };
}

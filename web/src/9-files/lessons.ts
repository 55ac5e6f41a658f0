// Lessons: states of the page, each of which shows one thing. A lesson is an address like any other.

export interface Lesson { id: string; title: string; text: string; address: string }

export const LESSONS: readonly Lesson[] = [
  {
    id: "lecture", title: "1 The lecture's network", address: "",
    text: "Context 3, 2-D embedding, 100 units. Press Play: the loss falls from ln 27 (a guess) to that of counting models; vowels move together on the map.",
  },
  {
    id: "guess", title: "2 Before learning: a guess", address: "x=aa&xi=2&v=1",
    text: "The network has not learned anything yet: all 27 bars are about 1/27, and the loss is close to ln 27 = 3.30. Press Step once, and watch every bar move.",
  },
  {
    id: "backward", title: "3 Backward: which numbers caused the loss?", address: "bw=1&x=zeel&xi=1&v=1",
    text: "The backward pass of one example: P − target at the bars, then back through the weights to the embeddings. Press Step: the numbers move against these gradients, downhill.",
  },
  {
    id: "short", title: "4 A context of one character", address: "k=1&x=aabid&xi=4",
    text: "With a context of one character, a network cannot learn more than a table of pairs: its loss reaches the bigram line and stays there.",
  },
  {
    id: "long", title: "5 A longer context, a deeper network", address: "p=fast&v=100&x=krishn&xi=6",
    text: "Context 6, two layers of 128 units with a residual connection: the program's default. Its loss falls below that of the best counting model.",
  },
  {
    id: "overfit", title: "6 Few names: overfitting", address: "d=italian-names&p=kaiming&n=6000&o=adamw&lr=0.01&s=constant&b=256&x=giuli&xi=4",
    text: "458 names and 12,000 weights: the training loss keeps falling while the validation loss rises. The network memorises the list; the circle marks the best step, whose weights are kept.",
  },
  {
    id: "part2", title: "7 A bad initialisation", address: "p=part2&n=20000&x=aabid&xi=3",
    text: "All weights are initialised from N(0, 1): the first loss is about 27 nats, far worse than a uniform guess, because the network is confident about wrong predictions. Compare it with the scaled initialisation.",
  },
  {
    id: "diverge", title: "8 Too large a learning rate", address: "lr=40&s=constant&n=3000",
    text: "Each step overshoots: the loss jumps instead of falling. The program detects this and stops the training.",
  },
  {
    id: "script", title: "9 Another script", address: "d=devanagari-names&k=3&e=2&p=lecture&dmin=1&dmax=40&x=%E0%A4%85%E0%A4%A8&xi=2&v=100",
    text: "Hindi, Marathi and Nepali names: the same network with another alphabet. Vowel signs form a group on the map.",
  },
  {
    id: "conditions", title: "10 Names under conditions", address: "m=file&gmin=6&gmax=6&suf=ya&nov=1&uni=1&x=priya&xi=3",
    text: "Six letters, ending in -ya, not in the list: drawn from the model's exact conditional distribution. The page also shows how likely the conditions are.",
  },
];

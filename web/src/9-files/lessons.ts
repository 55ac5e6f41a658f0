// Lessons: states of the page that show one thing each. A lesson is an address like any other.

export interface Lesson { id: string; title: string; text: string; address: string }

export const LESSONS: readonly Lesson[] = [
  {
    id: "lecture", title: "1 The lecture's network", address: "",
    text: "Context 3, letters in the plane, 100 units. Play: the loss falls from ln 27, a guess, towards what counting pairs and more reaches; vowels come together on the map.",
  },
  {
    id: "guess", title: "2 Before learning: a guess", address: "x=aa&xi=2&v=1",
    text: "Nothing is learnt yet: all 27 bars are about 1/27, and the loss is near ln 27 = 3.30. Step once, and see every bar move.",
  },
  {
    id: "backward", title: "3 Backward: who is to blame?", address: "bw=1&x=zeel&xi=1&v=1",
    text: "One example, backward: P − target at the bars, then through the weights to the letters. Step, and the numbers follow these gradients downhill.",
  },
  {
    id: "short", title: "4 A context of one letter", address: "k=1&x=aabid&xi=4",
    text: "With one letter of context a network can learn no more than the table of pairs: it meets the bigram line and stays there.",
  },
  {
    id: "long", title: "5 A longer context, a deeper network", address: "p=fast&v=100&x=krishn&xi=6",
    text: "Context 6, two layers of 128 units with a residual connection: the program's own default. It passes the best that counting reaches.",
  },
  {
    id: "overfit", title: "6 Few names: over-fitting", address: "d=italian-names&p=kaiming&n=6000&o=adamw&lr=0.01&s=constant&b=256&x=giuli&xi=4",
    text: "458 names and 12,000 weights: the loss on train keeps falling while val rises. It learns the list by heart; the circle marks the best step, which is what is kept.",
  },
  {
    id: "part2", title: "7 A bad beginning", address: "p=part2&n=20000&x=aabid&xi=3",
    text: "Everything begun from N(0, 1): the first loss is near 27 nats, far worse than a guess, because the network is sure of nonsense. Compare with the scaled beginning.",
  },
  {
    id: "diverge", title: "8 Too large a learning rate", address: "lr=40&s=constant&n=3000",
    text: "Each step overshoots: the loss jumps instead of falling. It is noticed, and the run stops.",
  },
  {
    id: "script", title: "9 Another script", address: "d=devanagari-names&k=3&e=2&p=lecture&dmin=1&dmax=40&x=%E0%A4%85%E0%A4%A8&xi=2&v=100",
    text: "Hindi, Marathi and Nepali names: the same network over another alphabet. Vowel signs gather on the map.",
  },
  {
    id: "conditions", title: "10 Names on condition", address: "m=file&gmin=6&gmax=6&suf=ya&nov=1&uni=1&x=priya&xi=3",
    text: "Six letters, ending in -ya, in no list: drawn from the model's exact distribution given all of that, and the probability of the conditions is told.",
  },
];

//! The program from outside, in one binary so that it links once.

mod layers;
